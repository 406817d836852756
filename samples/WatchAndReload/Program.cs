// What is live now, then every change, until Ctrl-C: for a program that has to load a version when it comes. It goes on across
// restarts of the service without missing one.
//
//   WatchAndReload ROUTE [SOCKET]
using AtomikD.Client;

if (args.Length is < 1 or > 2)
{
    Console.Error.WriteLine("WatchAndReload ROUTE [SOCKET]");
    return 64;
}
var options = new AtomikClientOptions();
if (args.Length > 1)
    options.SocketPath = args[1];

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

await using var client = new AtomikClient(options);
try
{
    await foreach (CommitEvent e in client.WatchAsync(new WatchOptions { Routes = { args[0] }, InitialLive = true }, stop.Token))
    {
        if (e.Operation == CommitOperation.Remove)
            Console.WriteLine($"{e.Version.Name} was taken down");
        else
            Console.WriteLine($"{e.Version.Name} is version {e.Version.Number} now: load {e.Version.Path}");
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // Ctrl-C
}
catch (AtomikException e)
{
    Console.Error.WriteLine($"{e.Message} {e.Hint}");
    return 1;
}
return 0;
