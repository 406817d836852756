using System.Runtime.InteropServices;
using System.Text.Json;
using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Engine;
using AtomikD.Linux;
using AtomikD.Uploads;
using Microsoft.Extensions.Logging;

namespace AtomikD.Crash;

/// <summary>
/// An engine that tests kill: one route "site" over ROOT/staging and ROOT/live, one thread per lane, so that its system calls
/// come in one order. It is told what to do by lines on its input and answers each with one line:
/// <c>open OPTIONS</c> starts an engine, <c>arm STEP</c> stops its lane after that step (it then says <c>at STEP THREAD</c>),
/// <c>go</c> lets it on, <c>queue</c> tells how many requests wait, <c>work</c> how many are in work, <c>unclosed</c> how many results are not closed,
/// <c>upload NAME FILE</c> sends a file (or, where it ends in .tar, a folder) and says <c>uploaded</c> or the reason, <c>hang NAME FILE</c> never comes
/// to its end and says <c>hanging</c>, <c>journal</c> the journal's thread, <c>fault</c> why its lane has stopped, <c>stop</c> ends the engine in order.
/// </summary>
internal static partial class Program
{
    private static readonly object s_gate = new();

    private static readonly ILoggerFactory s_loggers = LoggerFactory.Create(logging =>
        logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));

    private static string? s_armed;
    private static bool s_isHeld;

    public static async Task<int> Main()
    {
        CommitEngine? engine = null;
        while (Console.In.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', 2);
            switch (words[0])
            {
                case "open":
                    engine = await StartAsync(JsonSerializer.Deserialize<ChildOptions>(words[1])!);
                    Say(engine.FindRoute("site")!.Trouble ?? "ready");
                    break;
                case "arm":
                    lock (s_gate)
                        s_armed = words[1];
                    Say("armed");
                    break;
                case "go":
                    lock (s_gate)
                    {
                        s_isHeld = false;
                        Monitor.PulseAll(s_gate);
                    }
                    Say("gone on");
                    break;
                case "upload" or "hang":
                    string[] what = words[1].Split(' ');
                    Say("uploading");
                    _ = Task.Run(() => UploadAsync(engine!, what[0], what[1], words[0] == "hang"));
                    break;
                case "stop":
                    await engine!.StopAsync();
                    Say("stopped");
                    break;
                default:
                    Say(Answer(engine!, words[0]));
                    break;
            }
        }
        // Its test has gone.
        Environment.FailFast(null);
        return 1;
    }

    private static async Task UploadAsync(CommitEngine engine, string name, string file, bool hangs)
    {
        var header = new UploadRequestInfo(name, file.EndsWith(".tar", StringComparison.Ordinal), null, CommitOptions.None);
        (UploadSession? session, Refusal? refusal) = engine.BeginUpload("site", header, Unistd.GetEuid(), Unistd.GetEgid());
        if (session is not null)
        {
            await using UploadSession closing = session;
            await using FileStream data = File.OpenRead(file);
            await using Stream sent = hangs ? new EndlessStream(data, () => Say("hanging")) : data;
            refusal = await session.ReceiveAsync(sent, CancellationToken.None) ?? (await session.CommitAsync(CancellationToken.None)).Refusal;
        }
        Say(refusal?.Reason.WireName() ?? "uploaded");
    }

    private static string Answer(CommitEngine engine, string question) => question switch
    {
        "queue" => $"{engine.Lanes.Sum(lane => lane.Inbox.Count)}",
        "work" => $"{engine.Lanes.Sum(lane => lane.InWork)}",
        "unclosed" => $"{engine.Journal.Write(durable: false, session => session.UnclosedOf(engine.Settings.Routes[0].Staging).Count)}",
        // Where nobody blocks, it is the journal's own thread that works.
        "journal" => $"{engine.Journal.WriteAsync(durable: false, _ => gettid()).GetAwaiter().GetResult()}",
        "fault" => engine.Lanes.Select(lane => lane.Fault).FirstOrDefault(fault => fault is not null) ?? "none",
        _ => $"what is {question}?",
    };

    private static Task<CommitEngine> StartAsync(ChildOptions options)
    {
        var route = new RouteSettings
        {
            Name = "site",
            Staging = Path.Combine(options.Root, "staging"),
            Target = Path.Combine(options.Root, "live"),
            Vault = Path.Combine(options.Root, "live", ".atomikd"),
            Overwrite = OverwritePolicy.Always,
            Durability = options.Durable ? Durability.Full : Durability.None,
            Keep = options.Keep,
            KeepFor = options.Keep == 0 ? TimeSpan.Zero : TimeSpan.FromHours(1),
        };
        var settings = new Settings { Daemon = new DaemonSettings { StateDirectory = options.State }, Routes = [route] };
        var engineOptions = new EngineOptions
        {
            SealWorkers = 0,
            SyncWorkers = 1,
            IsPipelined = false,
            Boot = new BootInfo(options.BootId, options.BootStartedAt),
            Step = AfterStep,
        };
        return CommitEngine.StartAsync(settings, engineOptions, TimeProvider.System, s_loggers.CreateLogger("engine"));
    }

    private static void AfterStep(string step)
    {
        lock (s_gate)
        {
            if (step != s_armed)
                return;
            s_armed = null;
            s_isHeld = true;
            Say($"at {step} {gettid()}");
            while (s_isHeld)
                Monitor.Wait(s_gate);
        }
    }

    private static void Say(string line)
    {
        lock (s_gate)
        {
            Console.Out.WriteLine(line);
            Console.Out.Flush();
        }
    }

    [LibraryImport("libc")]
    private static partial int gettid();
}

/// <summary>What the child is started with.</summary>
internal sealed record ChildOptions(string Root, string State, bool Durable, int Keep, string BootId, DateTimeOffset BootStartedAt);
