using System.Diagnostics;
using System.Globalization;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Net.Client;

namespace AtomikD.Interop.Hostile;

/// <summary>The real daemon in a process of its own, whose memory and descriptors can be looked at from outside.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly TempFolder _folder = new();
    private readonly StringBuilder _log = new();
    private readonly Process _process;

    /// <param name="descriptors">RLIMIT_NOFILE; null = as the tests have it.</param>
    /// <param name="environment">Further variables.</param>
    public DaemonProcess(int? descriptors = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        string configuration = _folder.Write("conf", $"""
            [Daemon]
            StateDirectory = {_folder.MakeFolder("state")}
            Socket = {Socket}
            Admin =
            [Routes:site]
            Staging = {Staging}
            Target = {Target}
            Overwrite = always
            Durability = none
            """);
        Directory.CreateDirectory(Staging);
        Directory.CreateDirectory(Target);
        string program = Path.Combine(AppContext.BaseDirectory, "atomikd");
        ProcessStartInfo start = descriptors is { } limit
            ? Command.Prepare("prlimit", $"--nofile={limit}", program, "--config", configuration)
            : new ProcessStartInfo(program, ["--config", configuration]);
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Note;
        _process.ErrorDataReceived += Note;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Eventually.True(() => _process.HasExited || CanConnect(), "the daemon listens", s_patience);
    }

    public string Socket => _folder["s"];

    public string Staging => _folder["staging"];

    public string Target => _folder["live"];

    public bool IsRunning => !_process.HasExited;

    public int Descriptors => Directory.EnumerateFileSystemEntries($"/proc/{_process.Id}/fd").Count();

    /// <summary>VmRSS now, in MiB.</summary>
    public double Resident => double.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture) / 1024;

    /// <summary>User and system, in seconds.</summary>
    public double ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    public RawConnection Connect() => RawConnection.To(Socket);

    /// <summary>A caller that behaves.</summary>
    public GrpcChannel Channel()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    /// <summary>Stages a file, has it committed over the channel, and returns what that took.</summary>
    public async Task<TimeSpan> CommitAsync(CommitService.CommitServiceClient client, string name, TimeSpan limit)
    {
        File.WriteAllText(Path.Combine(Staging, name), name);
        var watch = Stopwatch.StartNew();
        await client.CommitAsync(new CommitRequest { Route = "site", Source = name }, deadline: TimeProvider.System.GetUtcNow().UtcDateTime + limit);
        return watch.Elapsed;
    }

    /// <summary>Stages a file, marks it, and returns how long its marker stood.</summary>
    public TimeSpan Mark(string name, TimeSpan limit)
    {
        File.WriteAllText(Path.Combine(Staging, name), name);
        var watch = Stopwatch.StartNew();
        File.WriteAllText(Path.Combine(Staging, name + ".ready"), "");
        Eventually.True(() => !File.Exists(Path.Combine(Staging, name + ".ready")), "the marker goes", limit);
        return watch.Elapsed;
    }

    /// <summary>Asks it to stop, waits until it has, and returns how long that took.</summary>
    /// <exception cref="OperationCanceledException">It has not, within half a minute.</exception>
    public async Task<TimeSpan> StopAsync()
    {
        var watch = Stopwatch.StartNew();
        Native.Kill(_process.Id, 15);
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token);
        return watch.Elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            try
            {
                await StopAsync();
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }
        _process.Dispose();
        _folder.Dispose();
    }

    private bool CanConnect()
    {
        try
        {
            Connect().Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
            _log.Append(line.Data).Append('\n');
    }
}
