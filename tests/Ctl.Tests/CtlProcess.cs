using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Ctl;

/// <summary>The built atomikctl as a process.</summary>
internal static class CtlProcess
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static string Executable { get; } = Find();

    /// <summary>Against the service, to its end.</summary>
    public static CommandResult Ctl(this ServiceHarness service, params string[] arguments) => Run(Before(service, arguments));

    /// <summary>With an exit code of 0, what it says as JSON.</summary>
    public static JsonElement CtlJson(this ServiceHarness service, params string[] arguments)
    {
        using JsonDocument document = JsonDocument.Parse(service.Ctl([.. arguments, "--json"]).Check());
        return document.RootElement.Clone();
    }

    /// <summary>Against the service, in the background.</summary>
    public static Process StartCtl(this ServiceHarness service, params string[] arguments)
    {
        ProcessStartInfo start = NewStart(Before(service, arguments));
        start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
        return Process.Start(start)!;
    }

    public static CommandResult Run(params string[] arguments) => Command.Run(NewStart(arguments), Patience);

    public static void Signal(this Process process, string signal) => Command.Run("kill", $"-{signal}", $"{process.Id}").Check();

    public static async Task<int> EndAsync(this Process process)
    {
        using var limit = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode;
    }

    public static async Task<string> LineAsync(this Process process)
    {
        string? line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        Assert.NotNull(line);
        return line;
    }

    public static ProcessStartInfo NewStart(string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments);
        foreach (string variable in new[] { "COLUMNS", "NO_COLOR" })
            start.Environment.Remove(variable);
        start.Environment["TZ"] = "UTC";
        return start;
    }

    private static string[] Before(ServiceHarness service, string[] arguments) => ["--socket", service.Socket, .. arguments];

    private static string Find()
    {
        string configuration = typeof(CtlProcess).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        return Path.Combine(Document.Root, "src", "Ctl", "bin", configuration, "net10.0", "atomikctl");
    }
}
