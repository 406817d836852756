// The same staging over markers alone, for a program that sees no more than the staging folder: a container without the socket,
// say.
//
//   MarkWithoutGrpc ROUTE STAGING NAME < TEXT
using AtomikD.Client;

if (args.Length != 3)
{
    Console.Error.WriteLine("MarkWithoutGrpc ROUTE STAGING NAME < TEXT");
    return 64;
}
(string route, string staging, string name) = (args[0], args[1], args[2]);

IAtomikStager stager = new MarkerClient(new AtomikClientOptions
{
    StagingPaths = { [route] = staging },
    Timeout = TimeSpan.FromMinutes(1),
});
try
{
    await using StagedFile file = await stager.StageFileAsync(route);
    using (Stream input = Console.OpenStandardInput())
        await input.CopyToAsync(file.Stream);
    CommittedVersion version = await file.CommitAsync(name, new CommitOptions { Overwrite = true });
    Console.WriteLine($"{version.Name} is version {version.Number}: {version.Bytes} bytes");
    return 0;
}
catch (AtomikException e)
{
    Console.Error.WriteLine($"{e.Reason}: {e.Message} {e.Hint}");
    return e.IsRetryable ? 75 : 1;
}
