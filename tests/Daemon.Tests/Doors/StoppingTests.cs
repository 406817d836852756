using AtomikD.Support;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Xunit;

namespace AtomikD.Doors;

/// <summary>Calls that come while the service stops.</summary>
public sealed class StoppingTests
{
    private const int Rounds = 100;
    private const int Callers = 4;

    /// <summary>A stop between two calls of a connection is no failure of either: what the service did not begin is sent again by HTTP/2 itself.</summary>
    [Fact]
    public async Task A_call_is_answered_or_was_never_sent()
    {
        await using var service = new ServiceHarness();
        for (int round = 0; round < Rounds; round++)
        {
            await service.StartAsync();
            using var warm = new CountdownEvent(Callers);
            Task<RpcException>[] callers = [.. Enumerable.Range(0, Callers).Select(_ => Task.Run(() => CallUntilItFails(service, warm)))];
            Assert.True(warm.Wait(TimeSpan.FromMinutes(1)));
            await service.StopAsync();
            foreach (RpcException end in await Task.WhenAll(callers))
                Assert.True(end.Status.DebugException is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError }, end.ToString());
        }
    }

    private static async Task<RpcException> CallUntilItFails(ServiceHarness service, CountdownEvent warm)
    {
        using GrpcChannel channel = service.NewChannel();
        var client = new Health.HealthClient(channel);
        for (int call = 0; ; call++)
        {
            try
            {
                await client.CheckAsync(new HealthCheckRequest());
            }
            catch (RpcException e)
            {
                return e;
            }
            if (call == 20)
                warm.Signal();
        }
    }
}
