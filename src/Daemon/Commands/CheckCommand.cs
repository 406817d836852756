using System.CommandLine;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Routes;
using AtomikD.Systemd;

namespace AtomikD.Commands;

/// <summary><c>atomikd check</c>: reads the configuration and tries the folders. Findings go to the output, errors to the error stream.</summary>
internal sealed class CheckCommand : Command
{
    private readonly TextWriter _output;
    private readonly TextWriter _error;

    private CheckCommand(TextWriter output, TextWriter error)
        : base("check", "Validates the configuration and tries on the routes' folders what commits will do. Changes nothing, and may run beside the daemon.")
    {
        _output = output;
        _error = error;
    }

    public static Command Create()
    {
        Option<string> config = RootCommandFactory.ConfigOption();
        Option<bool> show = new("--show") { Description = "Only print every value that counts, as a configuration, with the file and line that gave it." };
        Option<string> syntax = new("--syntax")
        {
            Description = "Only check this one file: sections, keys and values. What other files or this machine would add may be missing.",
            HelpName = "FILE",
        };
        var command = new CheckCommand(Console.Out, Console.Error) { config, show, syntax };
        command.Validators.Add(result =>
        {
            if (result.GetResult(syntax) is not null && (result.GetResult(show) is not null || result.GetResult(config) is { Implicit: false }))
                result.AddError("--syntax takes one file alone, without --show and --config.");
        });
        command.SetAction(result =>
            result.GetValue(syntax) is { } fragment ? command.Syntax(fragment)
            : result.GetValue(show) ? command.Show(result.GetValue(config)!)
            : command.Check(result.GetValue(config)!));
        return command;
    }

    private int Syntax(string path)
    {
        LoadResult loaded = ConfigurationLoader.LoadFragment(path);
        if (Refused(loaded))
            return ExitCode.Configuration;
        _output.WriteLine($"{path}: sections, keys and values are right.");
        return ExitCode.Ok;
    }

    private int Show(string path)
    {
        LoadResult loaded = ConfigurationLoader.Load(path);
        if (Refused(loaded))
            return ExitCode.Configuration;
        string? section = null;
        foreach (EffectiveValue value in loaded.Values)
        {
            if (value.Section != section)
                _output.WriteLine($"{(section is null ? "" : "\n")}[{section = value.Section}]");
            _output.WriteLine($"# {value.Origin}");
            _output.WriteLine($"{value.Key} = {value.Value}".TrimEnd());
        }
        return ExitCode.Ok;
    }

    private int Check(string path)
    {
        LoadResult loaded = ConfigurationLoader.Load(path);
        if (Refused(loaded))
            return ExitCode.Configuration;
        Settings settings = loaded.Settings!;
        _output.WriteLine($"Configuration {string.Join(", ", loaded.Files)}");
        uint owner = DaemonsUser(settings.Daemon.StateDirectory);
        var own = new List<Finding> { new(Severity.Info, "Sections, keys and values are right.") };
        if (settings.Routes.Count == 0)
            own.Add(new Finding(Severity.Warning, "There is no route, so nothing will be published.", "Add a section [Routes:NAME] with Staging and Target."));
        if (owner != Unistd.GetEuid())
            own.Add(new Finding(Severity.Info, $"This runs as root, the daemon as {Accounts.DescribeUser(owner)}: what it may do is tried again, as itself, when it starts."));
        own.AddRange(StateProbe.Run(settings, Severity.Error));
        ServiceUnit? unit = UnitFor(path, own);
        int unhealthy = 0;
        int errors = Tell("daemon", own);
        int warnings = own.Count(f => f.Severity == Severity.Warning);
        foreach (RouteSettings route in settings.Routes)
        {
            _output.WriteLine($"Route {route.Name}: {route.Staging} -> {route.Target}");
            List<Finding> findings = [.. RouteProbe.Run(route, owner).Findings, .. unit?.Judge(route) ?? []];
            int faults = Tell($"route {route.Name}", findings);
            errors += faults;
            warnings += findings.Count(f => f.Severity == Severity.Warning);
            unhealthy += faults == 0 ? 0 : 1;
        }
        _output.WriteLine($"{Count(settings.Routes.Count - unhealthy, "route")} healthy, {unhealthy} not; {Count(errors, "error")}, {Count(warnings, "warning")}.");
        return errors == 0 ? ExitCode.Ok : ExitCode.Configuration;
    }

    /// <summary>A shell sees more than the service does: what the unit keeps from it is judged by the unit.</summary>
    private static ServiceUnit? UnitFor(string config, List<Finding> findings)
    {
        ServiceUnit? unit = config == ConfigurationFiles.DefaultPath ? ServiceUnit.Ask() : null;
        findings.Add(new Finding(Severity.Info, unit is not null
            ? $"What the service may see and write is judged by its unit {UnitDropIn.DefaultUnit}."
            : "Only what this shell sees was tried: systemd has no unit of the service here, or it reads another configuration."));
        return unit;
    }

    /// <summary>Root may look on behalf of the daemon's user: the one to whom the state folder belongs.</summary>
    private static uint DaemonsUser(string stateDirectory) =>
        Unistd.GetEuid() == 0 && Stat.StatPath(Linux.Name.Of(stateDirectory), out FileStatus status) == Errno.None ? status.Uid : Unistd.GetEuid();

    private bool Refused(LoadResult loaded)
    {
        foreach (ConfigurationError error in loaded.Errors)
            _error.WriteLine(error);
        if (loaded.Errors.Count > 0)
            _error.WriteLine($"The configuration cannot be used: {Count(loaded.Errors.Count, "error")}.");
        return loaded.Errors.Count > 0;
    }

    /// <summary>Returns the number of errors.</summary>
    private int Tell(string whose, IReadOnlyList<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            if (finding.Severity == Severity.Error)
                _error.WriteLine($"  error    {whose}: {finding.Message}{Indented(finding.Hint)}");
            else
                _output.WriteLine($"  {(finding.Severity == Severity.Info ? "ok     " : "warning")}  {finding.Message}{Indented(finding.Hint)}");
        }
        return findings.Count(f => f.Severity == Severity.Error);
    }

    private static string Indented(string hint) => hint.Length == 0 ? "" : $"\n           {hint.Replace("\n", "\n           ", StringComparison.Ordinal)}";

    private static string Count(int number, string word) => $"{number} {word}{(number == 1 ? "" : "s")}";
}
