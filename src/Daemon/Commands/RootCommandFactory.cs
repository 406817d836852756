using System.CommandLine;
using System.CommandLine.Help;
using AtomikD.Configuration;

namespace AtomikD.Commands;

/// <summary>The command line of <c>atomikd</c>.</summary>
internal static class RootCommandFactory
{
    /// <param name="run">Runs the service with the configuration at that path, until the token; null leaves the service out.</param>
    /// <param name="demo">The command <c>demo</c>, or null.</param>
    public static RootCommand Create(Func<string, CancellationToken, Task<int>>? run, Command? demo)
    {
        Option<string> config = ConfigOption();
        var root = new RootCommand("Makes finished files and folders appear at their destination in one step, whole, or not at all.")
        {
            CheckCommand.Create(),
        };
        if (demo is not null)
            root.Add(demo);
        if (run is not null)
        {
            root.Add(BackupCommand.Create());
            root.Add(ReloadCommand.Create());
            root.Add(config);
            root.SetAction((result, token) => run(result.GetValue(config)!, token));
            // Before a subcommand the option would be taken and forgotten.
            foreach (Command command in root.Subcommands)
                command.Validators.Add(result =>
                {
                    if (result.GetResult(config) is { Implicit: false })
                        result.AddError($"--config does not belong before {command.Name}.");
                });
        }
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    public static Option<string> ConfigOption() => new("--config")
    {
        Description = "The main configuration file; FILE.d/*.conf are read after it.",
        HelpName = "FILE",
        DefaultValueFactory = _ => ConfigurationFiles.DefaultPath,
    };
}
