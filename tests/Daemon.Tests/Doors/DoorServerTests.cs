using System.Net.Sockets;
using System.Text;
using AtomikD.Support;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Xunit;

namespace AtomikD.Doors;

/// <summary>A server that runs while somebody is there.</summary>
public sealed class DoorServerTests : TimeProvider, IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly LogWatch _log = new();
    private readonly List<PendingTimer> _timers = [];
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DoorServer _server = null!;
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    private string SocketPath => _folder["s"];

    public async ValueTask InitializeAsync()
    {
        var listening = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listening.Bind(new UnixDomainSocketEndPoint(SocketPath));
        var loggers = new Microsoft.Extensions.Logging.LoggerFactory([_log]);
        _server = new DoorServer("test", listening, (connections, guard) =>
        {
            var options = new KestrelServerOptions();
            options.ListenUnixSocket(SocketPath, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                guard(listen);
            });
            return new KestrelServer(Options.Create(options), connections, loggers);
        }, this, loggers)
        { MostVisitors = 2 };
        await _server.StartAsync(new Application(_held.Task), TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _held.TrySetResult();
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
        _folder.Dispose();
        _log.AssertNoUnexpectedErrors();
    }

    [Fact]
    public void It_sleeps_until_somebody_comes_and_again_when_nobody_has_been_there_for_a_while()
    {
        Assert.False(_server.IsAwake);
        Assert.Contains("200 OK", Ask("/"), StringComparison.Ordinal);
        Assert.True(_server.IsAwake);

        Pass(TimeSpan.FromSeconds(89));
        Assert.True(_server.IsAwake);
        Pass(TimeSpan.FromSeconds(2));
        Eventually.True(() => !_server.IsAwake, "it sleeps");
        Assert.Contains("200 OK", Ask("/"), StringComparison.Ordinal);
        Assert.True(_server.IsAwake);
    }

    [Fact]
    public async Task It_does_not_sleep_while_somebody_is_there()
    {
        Task<string> held = Task.Run(() => Ask("/held"), TestContext.Current.CancellationToken);
        Eventually.True(() => _server.IsAwake, "the caller is in");
        Assert.Contains("200 OK", Ask("/"), StringComparison.Ordinal);
        Pass(TimeSpan.FromHours(1));
        Assert.True(_server.IsAwake);

        _held.SetResult();
        Assert.Contains("200 OK", await held, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_comes_while_it_is_full_is_turned_away_and_the_next_one_is_not()
    {
        using (Socket first = Connect())
        using (Socket second = Connect())
        {
            Eventually.True(() => _server.Visitors == 2, "both are in");
            Assert.Equal("", Ask("/"));
        }
        Eventually.True(() => _server.Visitors == 0, "both have left");
        Assert.Contains("200 OK", Ask("/"), StringComparison.Ordinal);
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        socket.Connect(new UnixDomainSocketEndPoint(SocketPath));
        return socket;
    }

    /// <summary>The answer, and nothing where the connection is closed without one; returns when the server has seen its caller leave.</summary>
    private string Ask(string path)
    {
        int inside = _server.Visitors;
        using var stream = new NetworkStream(Connect(), ownsSocket: true);
        try
        {
            stream.Write(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
            string answer = new StreamReader(stream).ReadToEnd();
            Eventually.True(() => _server.Visitors <= inside, "the caller has left");
            return answer;
        }
        catch (IOException)
        {
            return "";
        }
    }

    private void Pass(TimeSpan time)
    {
        _now += time;
        foreach (PendingTimer timer in _timers)
            timer.Look();
    }

    public override long GetTimestamp() => _now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new PendingTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    private sealed class Application(Task held) : IHttpApplication<IFeatureCollection>
    {
        public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

        public Task ProcessRequestAsync(IFeatureCollection context) =>
            context.GetRequiredFeature<IHttpRequestFeature>().Path == "/held" ? held : Task.CompletedTask;

        public void DisposeContext(IFeatureCollection context, Exception? exception)
        {
            // Kestrel's own.
        }
    }

    private sealed class PendingTimer(DoorServerTests time, Action callback) : ITimer
    {
        private TimeSpan? _due;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
            return true;
        }

        public void Look()
        {
            if (_due is not { } due || due > time._now)
                return;
            _due = null;
            callback();
        }

        public void Dispose() => _due = null;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
