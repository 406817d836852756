using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using AtomikD.Client;
using Grpc.Health.V1;
using Grpc.Net.Client;

// AtomikD.Bench SOCKET empty|commit ITEMS IN_FLIGHT PREFIX: that many calls, so many at a time, and one line of key=value.
if (args is not [string socket, "empty" or "commit", string itemsText, string inFlightText, string prefix])
{
    await Console.Error.WriteLineAsync("usage: AtomikD.Bench SOCKET empty|commit ITEMS IN_FLIGHT PREFIX");
    return 64;
}
int items = int.Parse(itemsText, CultureInfo.InvariantCulture);
int inFlight = int.Parse(inFlightText, CultureInfo.InvariantCulture);
await using var client = new AtomikClient(new AtomikClientOptions { SocketPath = socket });
using GrpcChannel channel = Connect(socket);
var health = new Health.HealthClient(channel);

// The code is warm, and the connections stand, before the time begins. One commit, asked for again and again, is done once.
var again = new CommitOptions { Overwrite = true, RequestId = $"{Environment.ProcessId}" };
await InFlightAsync(64, 5000, args[1] == "empty" ? async _ => await health.CheckAsync(new HealthCheckRequest())
    : async _ => await client.CommitAsync("bench", "warm", options: again));

Func<int, Task> call = args[1] == "empty"
    ? async _ => await health.CheckAsync(new HealthCheckRequest())
    : async i => await client.CommitAsync("bench", $"{prefix}{i:D6}", options: new CommitOptions { Overwrite = true });
var times = new double[items];
long start = Stopwatch.GetTimestamp();
await InFlightAsync(inFlight, items, async i =>
{
    long begun = Stopwatch.GetTimestamp();
    await call(i);
    times[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
});
double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
Array.Sort(times);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"per_second={items / seconds:F0} p50_us={times[items / 2]:F0} p99_us={times[items * 99 / 100]:F0}"));
return 0;

static Task InFlightAsync(int most, int count, Func<int, Task> call)
{
    int next = -1;
    return Task.WhenAll(Enumerable.Range(0, most).Select(_ => Task.Run(async () =>
    {
        while (Interlocked.Increment(ref next) is var i && i < count)
            await call(i);
    })));
}

static GrpcChannel Connect(string socket) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
{
    HttpHandler = new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancellation) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
            return new NetworkStream(connection, ownsSocket: true);
        },
    },
});
