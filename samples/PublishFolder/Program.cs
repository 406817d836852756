// Fills a folder and puts it live in one step. When the name is live already, it is replaced only if nobody else has
// replaced it since we looked.
//
//   PublishFolder ROUTE FOLDER NAME [SOCKET]
using AtomikD.Client;

if (args.Length is < 3 or > 4)
{
    Console.Error.WriteLine("PublishFolder ROUTE FOLDER NAME [SOCKET]");
    return 64;
}
(string route, string source, string name) = (args[0], args[1], args[2]);
var options = new AtomikClientOptions();
if (args.Length > 3)
    options.SocketPath = args[3];

await using var client = new AtomikClient(options);
try
{
    long live = 0;
    await foreach (CommittedVersion known in client.ListVersionsAsync(route, name))
    {
        if (known.State == VersionState.Live)
            live = known.Number;
    }

    await using StagedFolder folder = await client.StageFolderAsync(route);
    foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
    {
        string copy = Path.Combine(folder.Path, Path.GetRelativePath(source, file));
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(file, copy);
    }
    CommittedVersion version = await folder.CommitAsync(name, new CommitOptions
    {
        ExpectedVersion = live,
        Labels = { ["from"] = Environment.MachineName },
    });
    Console.WriteLine($"{version.Path} is version {version.Number}: {version.Files} files, {version.Bytes} bytes, durable: {version.Durable}");
    return 0;
}
catch (AtomikException e)
{
    Console.Error.WriteLine($"{e.Reason}: {e.Message} {e.Hint}");
    return e.IsRetryable ? 75 : 1;
}
