using System.Diagnostics;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Interop.Client;

public sealed class GoServerTests(GoServerTests.Run run) : ForeignServerTests(run), IClassFixture<GoServerTests.Run>
{
    public sealed class Run : ForeignServerRun
    {
        /// <summary>Where Debian has the sources of its Go packages.</summary>
        private const string Packages = "/usr/share/gocode";

        private readonly TempFolder _folder = new();
        private readonly Lazy<string?> _whyNot;

        public Run() => _whyNot = new Lazy<string?>(Build);

        protected override string? WhyNot => _whyNot.Value;

        private string Program => _folder["server"];

        internal override ForeignServer Start() => new(socket => Command.Prepare(Program, socket));

        protected override void Dispose(bool isDisposing)
        {
            base.Dispose(isDisposing);
            _folder.Dispose();
        }

        private string? Build()
        {
            if (Command.WhyNot("go") is { } missing)
                return missing;
            if (!Directory.Exists(Path.Combine(Packages, "src/google.golang.org/grpc")))
                return "not installed: golang-google-grpc-dev";
            ProcessStartInfo build = Command.Prepare("go", "build", "-o", Program, Path.Combine(AppContext.BaseDirectory, "go", "server.go"));
            build.Environment["GO111MODULE"] = "off";
            build.Environment["GOFLAGS"] = "";
            build.Environment["GOPATH"] = Packages;
            CommandResult result = Command.Run(build, TimeSpan.FromMinutes(3));
            // It is there, and must build.
            Assert.True(result.Succeeded, result.Error);
            return null;
        }
    }
}
