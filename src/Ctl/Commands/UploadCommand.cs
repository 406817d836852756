using System.CommandLine;
using AtomikD.Client;
using AtomikD.Ctl.Output;
using AtomikD.Ctl.Uploads;
using Spectre.Console;

namespace AtomikD.Ctl.Commands;

internal sealed class UploadCommand : CtlCommand
{
    private const string Stdin = "-";

    private readonly Argument<string> _route = CommonOptions.Route();
    private readonly Argument<string> _path = new("PATH") { Description = "The file or folder; -: the standard input, a file unless --tar says a folder." };
    private readonly Option<string> _name = new("--name") { Description = "Name in the target folder. Default: the last part of PATH. Needed with -.", HelpName = "N" };
    private readonly Option<bool> _tar = new("--tar") { Description = "With -: the input is a tar stream of what a folder holds, not compressed." };
    private readonly Option<bool> _overwrite = CommonOptions.Overwrite();
    private readonly Option<long?> _expect = CommonOptions.Expect();

    public UploadCommand()
        : base("upload", "Publishes a file or a folder that is not in the staging folder. Nothing is left of an upload that is broken off.", """
              atomikctl upload site ./build --name app
              pg_dump db | atomikctl upload dumps - --name db.sql
              tar c -C build . | ssh host atomikctl upload site - --name app --tar
            """)
    {
        Add(_route);
        Add(_path);
        Add(_name);
        Add(_tar);
        Add(_overwrite);
        Add(_expect);
        Validators.Add(result =>
        {
            bool isStdin = result.GetValue(_path) == Stdin;
            if (isStdin && string.IsNullOrEmpty(result.GetValue(_name)))
                result.AddError("Standard input has no name: give it one with --name.");
            if (!isStdin && result.GetValue(_tar))
                result.AddError("--tar goes with - alone; a folder is uploaded by its path.");
        });
    }

    protected override async Task<int> RunAsync(ParseResult arguments, Session session)
    {
        string route = arguments.GetValue(_route)!;
        string path = arguments.GetValue(_path)!;
        string name = arguments.GetValue(_name) ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        if (name.Length == 0)
            throw new UsageException($"{path} has no name of its own: give it one with --name.");
        var options = new UploadOptions { Overwrite = arguments.GetValue(_overwrite) ? true : null, ExpectedVersion = arguments.GetValue(_expect) };
        AtomikClient client = session.Changing();
        CommittedVersion version;
        if (path == Stdin)
        {
            var input = new InputStream(Console.OpenStandardInput());
            if (arguments.GetValue(_tar))
                TarStart.Check(await input.PeekAsync(TarStart.Length, session.Ending));
            version = await WithProgressAsync(session, name, null, options, told => arguments.GetValue(_tar)
                ? client.UploadTarAsync(route, name, input, told, session.Ending)
                : client.UploadFileAsync(route, name, input, told, session.Ending));
        }
        else if (Directory.Exists(path))
        {
            version = await WithProgressAsync(session, name, () => FolderSize(path), options, told => client.UploadFolderAsync(route, name, path, told, session.Ending));
        }
        else
        {
            if (!File.Exists(path))
                throw new FileNotFoundException($"There is no file or folder {path}.", path);
            version = await WithProgressAsync(session, name, () => new FileInfo(path).Length, options, told => client.UploadFileAsync(route, name, path, told, session.Ending));
        }
        return Told.Live(session, version);
    }

    private static async Task<CommittedVersion> WithProgressAsync(
        Session session, string name, Func<long>? size, UploadOptions options, Func<UploadOptions, Task<CommittedVersion>> upload)
    {
        if (session.IsJson || !Screen.HasProgress)
            return await upload(options);
        var columns = new List<ProgressColumn> { new TaskDescriptionColumn { Alignment = Justify.Left }, new DownloadedColumn(), new TransferSpeedColumn() };
        if (size is null)
            columns.Insert(1, new SpinnerColumn());
        else
            columns.InsertRange(1, [new ProgressBarColumn { Width = 20 }, new PercentageColumn()]);
        return await Screen.NewProgressConsole().Progress().AutoClear(true).Columns([.. columns]).StartAsync(async context =>
        {
            ProgressTask task = context.AddTask(Markup.Escape(Shortened(Words.Safe(name))), maxValue: Math.Max(1, size?.Invoke() ?? long.MaxValue));
            task.IsIndeterminate = size is null;
            return await upload(options with { Progress = new Report(sent => task.Value = Math.Min(sent, task.MaxValue)) });
        });
    }

    private static string Shortened(string name) => name.Length <= 24 ? name : $"{name[..12]}…{name[^11..]}";

    /// <summary>Of the archive that is made of it, nearly.</summary>
    private static long FolderSize(string path)
    {
        const int block = 512;
        var entries = new DirectoryInfo(path).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint });
        return entries.Sum(entry => 3L * block + (entry is FileInfo file ? (file.Length + block - 1) / block * block : 0));
    }

    private sealed class Report(Action<long> told) : IProgress<long>
    {
        void IProgress<long>.Report(long value) => told(value);
    }
}
