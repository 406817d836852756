using System.Diagnostics;
using AtomikD.Support;

namespace AtomikD.Interop.Support;

/// <summary>Debian's python3-grpcio, with the messages that Debian's protoc makes of the contract.</summary>
internal sealed class Grpcio : IDisposable
{
    /// <summary>Debian's own: one from elsewhere does not see Debian's packages.</summary>
    private const string Python = "/usr/bin/python3";

    private static readonly Lazy<string?> s_whyNot = new(() =>
        Command.WhyNot("protoc") ?? (!File.Exists(Python) ? $"not installed: {Python}"
            : Command.Run(Python, "-c", "import grpc, google.protobuf").Succeeded ? null
            : "not installed: python3-grpcio, python3-protobuf"));

    private readonly TempFolder _generated = new();

    public Grpcio()
    {
        Compile("contract");
        Compile("protos");
    }

    public static string? WhyNot => s_whyNot.Value;

    public ProcessStartInfo Program(string file, params string[] arguments)
    {
        ProcessStartInfo start = Command.Prepare(Python, [Path.Combine(AppContext.BaseDirectory, "python", file), .. arguments]);
        start.Environment["GENERATED"] = _generated.Path;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        // Also where others run it, who may not enter the folder of the tests' own.
        start.WorkingDirectory = "/";
        return start;
    }

    public void Dispose() => _generated.Dispose();

    private void Compile(string folder)
    {
        string root = Path.Combine(AppContext.BaseDirectory, folder);
        string[] files = [.. Directory.EnumerateFiles(root, "*.proto", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(root, file))];
        Command.Run("protoc", ["-I", root, $"--python_out={_generated.Path}", .. files]).Check();
    }
}
