using System.Diagnostics;
using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Interop.Support;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Interop.Server;

/// <summary>Callers of another uid at a socket that lets everyone in, and a route that is for a group: a test for each check of python/access.py.</summary>
public sealed class DeniedCallerTests(DeniedCallerTests.Run run) : IClassFixture<DeniedCallerTests.Run>
{
    public static TheoryData<string> Checks => CheckNames.InPython("access.py");

    [Theory]
    [MemberData(nameof(Checks))]
    public void Another_uid(string check) => run.Assert(check);

    public sealed class Run : IAsyncLifetime
    {
        /// <summary>Of no account file: only the credentials of the socket tell of it.</summary>
        private const uint Group = 64_500;
        private const UnixFileMode ForEveryone = (UnixFileMode)0x1FF;

        private ServiceHarness? _service;
        private CheckReport? _denied;
        private CheckReport? _admitted;

        private static string? WhyNot => ForeignUser.WhyNot ?? Grpcio.WhyNot;

        public async ValueTask InitializeAsync()
        {
            if (WhyNot is not null)
                return;
            using var grpcio = new Grpcio();
            _service = new ServiceHarness();
            RouteSettings secret = _service.NewRoute("secret") with { AllowUsers = new(new HashSet<uint> { 0 }, new HashSet<uint> { Group }, new HashSet<uint>()) };
            _service.Settings = _service.Settings with
            {
                Daemon = _service.Settings.Daemon with { SocketMode = 0x1B6 },
                Routes = [_service.NewRoute("open"), secret],
            };
            await _service.StartAsync();
            File.SetUnixFileMode(secret.Staging, ForEveryone);
            foreach (RouteSettings route in _service.Settings.Routes)
            {
                File.WriteAllText(Path.Combine(route.Staging, "item"), "text");
                Xunit.Assert.Null((await _service.Engine.CommitAsync(route.Name, "item", Commits.CommitOptions.None, 0, CancellationToken.None)).Refusal);
            }
            File.WriteAllText(Path.Combine(secret.Staging, "of-another"), "text");
            Command.Run("chown", $"{ForeignUser.OtherStranger}", Path.Combine(secret.Staging, "of-another")).Check();
            string plan = Path.Combine(_service.Root, "plan.json");
            File.WriteAllText(plan, JsonSerializer.Serialize(new { socket = _service.Socket, staging = secret.Staging }));
            _denied = Report(grpcio.Program("access.py", plan, "denied"), "--clear-groups");
            _admitted = Report(grpcio.Program("access.py", plan, "admitted"), $"--groups={Group}");
        }

        internal void Assert(string check)
        {
            Xunit.Assert.SkipWhen(WhyNot is not null, WhyNot ?? "");
            (check.StartsWith("denied", StringComparison.Ordinal) ? _denied! : _admitted!).Assert(check);
        }

        public async ValueTask DisposeAsync()
        {
            if (_service is not null)
                await _service.DisposeAsync();
        }

        private static CheckReport Report(ProcessStartInfo program, string groups)
        {
            ProcessStartInfo other = Command.Prepare("setpriv",
                [$"--reuid={ForeignUser.Stranger}", $"--regid={ForeignUser.Stranger}", groups, "--inh-caps=-all", "--no-new-privs", "--", program.FileName, .. program.ArgumentList]);
            foreach ((string key, string? value) in program.Environment)
                other.Environment[key] = value;
            other.WorkingDirectory = program.WorkingDirectory;
            return CheckReport.Of(other, TimeSpan.FromMinutes(1));
        }
    }
}
