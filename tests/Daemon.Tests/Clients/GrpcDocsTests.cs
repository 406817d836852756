using System.Diagnostics;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Clients;

/// <summary>The gRPC client of docs/clients.md, as it stands there, against the whole service.</summary>
public sealed class GrpcDocsTests
{
    private static readonly Document s_docs = new("docs/clients.md");

    [Fact]
    public async Task Its_client_in_Python_commits_and_says_why_not()
    {
        // Debian's own: the packages belong to no other Python.
        const string Python = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(Python) && Command.Run(Python, "-c", "import grpc, google.protobuf").Succeeded, "not installed: python3-grpcio, python3-protobuf");
        Assert.SkipUnless(Command.WhyNot("protoc") is null && File.Exists("/usr/include/google/protobuf/any.proto"), "not installed: protobuf-compiler, libprotobuf-dev");
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        service.Stage("build", "hello");
        Directory.CreateSymbolicLink(Path.Combine(service.Root, "src"), Path.Combine(Document.Root, "src"));
        Run("sh", "-euc", s_docs.Block("sh", "protoc -I")).Check();
        string program = s_docs.Block("python", "import grpc").Replace("/run/atomikd/atomikd.sock", service.Socket, StringComparison.Ordinal);

        Assert.Equal("app 1", Run(Python, "-B", "-c", program).Check());
        Assert.Equal("hello", File.ReadAllText(Path.Combine(service.Live("app"), "index.html")));
        CommandResult refused = Run(Python, "-B", "-c", program);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("RuntimeError: ITEM_NOT_FOUND: ", refused.Error, StringComparison.Ordinal);

        CommandResult Run(string tool, params string[] arguments)
        {
            ProcessStartInfo start = Command.Prepare(tool, arguments);
            start.WorkingDirectory = service.Root;
            return Command.Run(start);
        }
    }
}
