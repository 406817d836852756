using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using AtomikD.Linux;

namespace AtomikD.Demo;

/// <summary>
/// The producer: a process of its own that knows of the daemon only what every producer knows, the staging folder. It writes
/// one version after the other, drops its marker, waits until that has gone, and reads the receipt.
/// </summary>
internal sealed class Producer(string staging, string target)
{
    public const string Item = "site";

    /// <summary>What its parent writes to it to end it after the commit in work; the end of the input ends it at once.</summary>
    public const string StopWord = "stop";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly string _item = Path.Combine(staging, Item);
    private volatile bool _isStopping;

    public int Run()
    {
        // The terminal's signals reach every process of it; this one's parent says when it is to end.
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using PosixSignalRegistration quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
        using PosixSignalRegistration hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        new Thread(Listen) { IsBackground = true }.Start();
        try
        {
            using var watch = new MarkerWatch(staging, target, Item);
            for (long version = 1; !_isStopping; version++)
            {
                DemoContent.Write(version, _item);
                if (Publish(version, watch) is { } problem)
                {
                    Console.Out.WriteLine($"failed {problem}");
                    return 1;
                }
            }
            return 0;
        }
        catch (IOException e)
        {
            Console.Error.WriteLine($"The producer ends: {e.Message}");
            return 1;
        }
    }

    /// <summary>Its parent holds the other end of its input: when the parent dies, however it does, that is closed.</summary>
    private void Listen()
    {
        while (Console.In.ReadLine() is { } line)
            if (line == StopWord)
                _isStopping = true;
        Environment.Exit(2);
    }

    /// <summary>Null when it is live and the receipt says so.</summary>
    private string? Publish(long version, MarkerWatch watch)
    {
        long dropped = Stopwatch.GetTimestamp();
        File.Create(_item + ".ready").Dispose();
        if (!watch.Wait(s_patience, out long gone, out long live))
            return $"version {version}: the marker is still there after {s_patience.TotalSeconds:0} s";
        if (!File.Exists(_item + ".done"))
            return $"version {version}: {(File.Exists(_item + ".failed") ? File.ReadAllText(_item + ".failed").Trim() : "no receipt")}";
        using JsonDocument receipt = JsonDocument.Parse(File.ReadAllBytes(_item + ".done"));
        if (receipt.RootElement.GetProperty("version").GetInt64() is var told && told != version)
            return $"version {version} was told to be version {told}";
        bool isDurable = receipt.RootElement.GetProperty("durable").GetBoolean();
        Console.Out.WriteLine(new Published(version, Microseconds(dropped, gone), live == 0 ? -1 : Microseconds(dropped, live), isDurable));
        return null;
    }

    private static long Microseconds(long from, long to) => (long)Stopwatch.GetElapsedTime(from, to).TotalMicroseconds;
}

/// <summary>One commit as its producer saw it; as text it is the line that it tells its parent.</summary>
/// <param name="Version">Its number.</param>
/// <param name="ToldMicroseconds">From the marker's dropping until it had gone.</param>
/// <param name="LiveMicroseconds">From the marker's dropping until it was live; -1 where that was not seen.</param>
/// <param name="IsDurable">What the receipt said.</param>
internal readonly record struct Published(long Version, long ToldMicroseconds, long LiveMicroseconds, bool IsDurable)
{
    public override string ToString() => $"{Version} {ToldMicroseconds} {LiveMicroseconds} {(IsDurable ? 1 : 0)}";

    public static Published? Parse(string line)
    {
        string[] parts = line.Split(' ');
        return parts.Length == 4 && long.TryParse(parts[0], out long version) && long.TryParse(parts[1], out long told) && long.TryParse(parts[2], out long live)
            ? new Published(version, told, live, parts[3] == "1")
            : null;
    }
}
