using System.Text;
using AtomikD.Support;
using AtomikD.V1;
using Google.Protobuf;
using Xunit;

namespace AtomikD.Interop.Hostile;

/// <summary>What a program that may open the socket can throw at it, and that nobody else feels it. The figures are in docs/reliability.md.</summary>
public sealed class HostileCallerTests
{
    private static readonly byte[] s_request = RawConnection.Message(new CommitRequest { Route = "nosuch" }.ToByteArray());

    [Fact]
    public async Task What_is_not_http2_is_turned_away()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        var random = new Random(5);
        byte[] noise = new byte[1 << 20];
        random.NextBytes(noise);
        byte[][] texts =
        [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(),
            "POST /atomikd.v1.CommitService/Commit HTTP/1.1\r\nContent-Length: 5\r\nContent-Type: application/grpc\r\n\r\n"u8.ToArray(),
            [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3, .. noise.AsSpan(0, 500)],
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX"u8.ToArray(),
            noise,
        ];
        for (int i = 0; i < 300; i++)
        {
            using RawConnection connection = daemon.Connect();
            connection.TrySend(texts[i % texts.Length]);
            // The third has no line: it is waited for, as for one who says nothing.
            Assert.True(i % texts.Length == 2 || connection.IsClosedByOther(), $"text {i % texts.Length}");
        }
        // Gone before anything, or in the middle of the first words.
        for (int i = 0; i < 300; i++)
        {
            using RawConnection connection = daemon.Connect();
            connection.TrySend(RawConnection.Preface.AsSpan(0, i % RawConnection.Preface.Length));
        }
        await neighbour.AssertUndisturbedAsync("600 connections that speak no HTTP/2", 60);
    }

    [Fact]
    public async Task Frames_that_break_the_rules_end_their_connection_only()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        byte[] headers = RawConnection.HeaderBlock();
        (string What, byte[] Bytes)[] wrongs =
        [
            ("larger than allowed", RawConnection.Frame(RawConnection.Data, 0, 1, new byte[100], claimedLength: 0xFFFFFF)),
            ("data of no stream", RawConnection.Frame(RawConnection.Data, 0, 0, [1])),
            ("data of an idle stream", RawConnection.Frame(RawConnection.Data, 0, 7, [1])),
            ("headers of no stream", RawConnection.Frame(RawConnection.Headers, 5, 0, headers)),
            ("headers of an even stream", RawConnection.Frame(RawConnection.Headers, 5, 2, headers)),
            ("headers that are no HPACK", RawConnection.Frame(RawConnection.Headers, 5, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])),
            ("headers from an index that is not", RawConnection.Frame(RawConnection.Headers, 5, 1, [0xFE])),
            ("a continuation of nothing", RawConnection.Frame(RawConnection.Continuation, 4, 1, headers)),
            ("something else within headers", [.. RawConnection.Frame(RawConnection.Headers, 0, 1, headers), .. RawConnection.Frame(RawConnection.Ping, 0, 0, new byte[8])]),
            ("settings of five bytes", RawConnection.Frame(RawConnection.SettingsFrame, 0, 0, new byte[5])),
            ("settings of a stream", RawConnection.Frame(RawConnection.SettingsFrame, 0, 1, [])),
            ("a window of 2 GiB and more", [.. RawConnection.Frame(RawConnection.WindowUpdate, 0, 0, [0x7F, 255, 255, 255]), .. RawConnection.Frame(RawConnection.WindowUpdate, 0, 0, [0x7F, 255, 255, 255])]),
            ("a window of nothing", RawConnection.Frame(RawConnection.WindowUpdate, 0, 0, new byte[4])),
            ("a ping of seven bytes", RawConnection.Frame(RawConnection.Ping, 0, 0, new byte[7])),
            ("a reset of an idle stream", RawConnection.Frame(RawConnection.ResetStream, 0, 9, new byte[4])),
            ("padding beyond the frame", RawConnection.Frame(RawConnection.Headers, 0x0D, 1, [200, 1, 2, 3])),
            ("a push", RawConnection.Frame(5, 4, 1, [0, 0, 0, 2, .. headers])),
        ];
        for (int round = 0; round < 10; round++)
        {
            foreach ((string what, byte[] bytes) in wrongs)
            {
                using RawConnection connection = daemon.Connect();
                connection.TrySend([.. RawConnection.Preface, .. bytes]);
                Assert.True(connection.IsClosedByOther(), what);
            }
        }
        // Of a kind that nobody knows: to be overlooked.
        using (RawConnection connection = daemon.Connect())
        {
            connection.TrySend([.. RawConnection.Preface, .. RawConnection.Frame(0xEE, 255, 1, new byte[1000]), .. Call(1, headers, s_request)]);
            Assert.Contains("ROUTE_NOT_FOUND", Decoded(connection.ReadStream(1)), StringComparison.Ordinal);
        }
        await neighbour.AssertUndisturbedAsync($"{wrongs.Length} kinds of wrong frames, ten times", 60);
    }

    [Fact]
    public async Task Headers_without_end_are_not_kept()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        byte[] large = RawConnection.Literal("x-large", new string('y', 4000));
        for (int i = 0; i < 20; i++)
        {
            // Continuations for ever.
            using RawConnection connection = daemon.Connect();
            connection.TrySend([.. RawConnection.Preface, .. RawConnection.Frame(RawConnection.Headers, 0, 1, RawConnection.HeaderBlock())]);
            byte[] more = RawConnection.Frame(RawConnection.Continuation, 0, 1, large);
            int sent = 0;
            while (sent < 20_000 && connection.TrySend(more))
                sent++;
            Assert.True(sent < 20_000, "80 MB of headers were taken");
            // Continuations of no byte.
            using RawConnection empty = daemon.Connect();
            empty.TrySend([.. RawConnection.Preface, .. RawConnection.Frame(RawConnection.Headers, 0, 1, RawConnection.HeaderBlock())]);
            for (int n = 0; n < 10_000 && empty.TrySend(RawConnection.Frame(RawConnection.Continuation, 0, 1, [])); n++)
            {
            }
            // A few bytes that stand for megabytes: one header in the table, and thousands of references to it.
            using RawConnection bomb = daemon.Connect();
            byte[] references = new byte[15_000];
            Array.Fill(references, (byte)(0x80 | 62));
            bomb.TrySend([.. RawConnection.Preface, .. RawConnection.Frame(RawConnection.Headers, 5, 1, [.. RawConnection.HeaderBlock(), .. RawConnection.Literal("x-bomb", new string('z', 4000), isIndexed: true), .. references.AsSpan(0, 11_000)])]);
            string answer = bomb.ReadStream(1);
            Assert.DoesNotContain("ROUTE_NOT_FOUND", answer, StringComparison.Ordinal);
        }
        await neighbour.AssertUndisturbedAsync("60 header floods (80 MB of continuations each, empty ones, references)", 80);
    }

    [Fact]
    public async Task Calls_that_are_no_grpc_get_an_answer_that_fits()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        byte[] plain = RawConnection.HeaderBlock();
        // Which code a fault has is the library's choice. A timeout that it cannot read is none.
        (string What, byte[] Headers, byte[] Body, string Expected)[] calls =
        [
            ("json", RawConnection.HeaderBlock(contentType: "application/json"), s_request, "415"),
            ("grpc-web", RawConnection.HeaderBlock(contentType: "application/grpc-web"), s_request, "415"),
            ("GET", RawConnection.HeaderBlock(method: "GET"), [], "404"),
            ("an unknown path", RawConnection.HeaderBlock(path: "/etc/passwd"), s_request, "12"),
            ("no message", plain, [], "13"),
            ("two messages", plain, [.. s_request, .. s_request], "13"),
            ("half a prefix", plain, [0, 0], "13"),
            ("half a message", plain, s_request.AsSpan(0, s_request.Length - 2).ToArray(), "13"),
            ("4 GiB announced", plain, RawConnection.Message([1, 2, 3], claimedLength: uint.MaxValue), "2"),
            ("2 GiB announced", plain, RawConnection.Message([1, 2, 3], claimedLength: int.MaxValue), "8"),
            ("a flag that is none", plain, RawConnection.Message([], flag: 7), "2"),
            ("compressed", RawConnection.HeaderBlock(more: ("grpc-encoding", "gzip")), RawConnection.Message([1, 2, 3], flag: 1), "12"),
            ("compressed, unknown how", RawConnection.HeaderBlock(more: ("grpc-encoding", "snappy")), RawConnection.Message([1, 2, 3], flag: 1), "12"),
            ("no protobuf", plain, RawConnection.Message([255, 255, 255, 255, 255, 255]), "2"),
            ("a timeout that is none", RawConnection.HeaderBlock(more: ("grpc-timeout", "soon")), s_request, "5"),
            ("a timeout of nothing", RawConnection.HeaderBlock(more: ("grpc-timeout", "0n")), s_request, "5"),
            ("metadata that is no base64", RawConnection.HeaderBlock(more: ("x-data-bin", "!!!")), s_request, "5"),
        ];
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        for (int round = 0; round < 20; round++)
        {
            using RawConnection connection = daemon.Connect();
            connection.TrySend(RawConnection.Preface);
            for (int i = 0; i < calls.Length; i++)
            {
                int stream = 2 * i + 1;
                connection.TrySend(Call(stream, calls[i].Headers, calls[i].Body));
                string answer = Decoded(connection.ReadStream(stream));
                string expected = calls[i].Expected switch
                {
                    "404" => "\u008d", // It has a number of its own in HPACK's table.
                    { Length: 3 } status => status,
                    string code => $"grpc-status{(char)code.Length}{code}",
                };
                if (!answer.Contains(expected, StringComparison.Ordinal))
                    wrong.Add($"{calls[i].What}: {answer}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        await neighbour.AssertUndisturbedAsync($"{20 * calls.Length} calls that are no gRPC", 60);
    }

    [Fact]
    public async Task A_flood_of_resets_and_of_pings_is_calmed()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        byte[] headers = RawConnection.HeaderBlock(path: "/atomikd.v1.CommitService/GetStatus");
        int streams = 0;
        for (int connections = 0; connections < 8; connections++)
        {
            using RawConnection connection = daemon.Connect();
            connection.TrySend(RawConnection.Preface);
            for (int stream = 1; stream < 10_000; streams += 50)
            {
                var batch = new List<byte>();
                for (int n = 0; n < 50; n++, stream += 2)
                {
                    batch.AddRange(RawConnection.Frame(RawConnection.Headers, RawConnection.EndHeaders, stream, headers));
                    batch.AddRange(RawConnection.Frame(RawConnection.ResetStream, 0, stream, [0, 0, 0, 8]));
                }
                if (!connection.TrySend([.. batch]))
                    break;
            }
        }
        // None of whose answers is read.
        byte[] pings = [.. Enumerable.Repeat(RawConnection.Frame(RawConnection.Ping, 0, 0, new byte[8]), 1000).SelectMany(ping => ping)];
        byte[] settings = [.. Enumerable.Repeat(RawConnection.Frame(RawConnection.SettingsFrame, 0, 0, []), 1000).SelectMany(frame => frame)];
        foreach (byte[] flood in (byte[][])[pings, settings])
        {
            using RawConnection connection = daemon.Connect();
            connection.TrySend(RawConnection.Preface);
            for (int i = 0; i < 200 && connection.TrySend(flood); i++)
            {
            }
        }
        await neighbour.AssertUndisturbedAsync($"{streams} streams opened and reset, up to 200,000 pings and as many settings whose answers are not read", 100);
    }

    [Fact]
    public async Task Connections_by_the_thousand_leave_room_for_others()
    {
        Assert.SkipWhen(ForeignUser.WhyNot is not null, ForeignUser.WhyNot ?? "");
        Assert.SkipWhen(Command.WhyNot("prlimit", "python3") is not null, Command.WhyNot("prlimit", "python3") ?? "");
        // A container's usual limit.
        await using var daemon = new DaemonProcess(descriptors: 1024);
        File.SetUnixFileMode(daemon.Socket, (UnixFileMode)0x1B6);
        await using var neighbour = new Neighbour(daemon);
        // Of another user, and half of them in the middle of the preface. It tells when it has them, and holds them until it is told.
        const string Script = """
            import socket, sys
            held = []
            for i in range(3000):
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                try:
                    if i % 2: s.send(b"PRI * HTTP/2.0\r\n")
                except OSError: pass
                held.append(s)
            print("held", flush=True)
            sys.stdin.readline()
            """;
        var start = Command.Prepare("prlimit", ["--nofile=4096", "setpriv", .. ForeignUser.Prefix(ForeignUser.Stranger), "/usr/bin/python3", "-c", Script, daemon.Socket]);
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        using var holder = System.Diagnostics.Process.Start(start)!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
        double processor = daemon.ProcessorTime;
        int descriptors = daemon.Descriptors;
        for (int i = 0; i < 50; i++)
            daemon.Mark("while-held", TimeSpan.FromSeconds(3));
        Assert.True(descriptors < 700, $"{descriptors} descriptors of 1024 are open");
        Assert.True(daemon.ProcessorTime - processor < 5, "it does not spin");
        await neighbour.AssertUndisturbedAsync($"3,000 half-open connections of one user, {descriptors} descriptors open meanwhile", 60);
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
    }

    [Fact]
    public async Task Watchers_that_never_read_slow_nobody_and_cost_little()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        byte[] headers = RawConnection.HeaderBlock(path: "/atomikd.v1.CommitService/Watch");
        var watchers = new List<RawConnection>();
        for (int i = 0; i < 20; i++)
        {
            RawConnection watcher = daemon.Connect();
            watchers.Add(watcher);
            // As much of a window as there can be, so that only the socket holds it back.
            watcher.TrySend([.. RawConnection.Preface, .. RawConnection.Frame(RawConnection.SettingsFrame, 0, 0, [0, 4, 0x7F, 255, 255, 255]),
                .. RawConnection.Frame(RawConnection.WindowUpdate, 0, 0, [0x7F, 0, 0, 0])]);
            for (int stream = 1; stream < 40; stream += 2)
                watcher.TrySend(Call(stream, headers, RawConnection.Message([])));
        }
        using Grpc.Net.Client.GrpcChannel channel = daemon.Channel();
        var client = new CommitService.CommitServiceClient(channel);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int batch = 0; batch < 15; batch++)
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => daemon.CommitAsync(client, $"{i}-{new string('n', 150)}", TimeSpan.FromSeconds(20))));
        await neighbour.AssertUndisturbedAsync($"400 watches on 20 connections that never read, 3,000 commits in {watch.ElapsedMilliseconds} ms", 200);
        watchers.ForEach(watcher => watcher.Dispose());
    }

    [Fact]
    public async Task Requests_that_trickle_are_given_up()
    {
        await using var daemon = new DaemonProcess();
        await using var neighbour = new Neighbour(daemon);
        var slow = new List<RawConnection>();
        for (int i = 0; i < 50; i++)
        {
            RawConnection connection = daemon.Connect();
            slow.Add(connection);
            connection.TrySend(RawConnection.Preface);
            // 100 calls each: a message is announced, and a byte of it comes.
            for (int stream = 1; stream < 200; stream += 2)
            {
                connection.TrySend(RawConnection.Frame(RawConnection.Headers, RawConnection.EndHeaders, stream, RawConnection.HeaderBlock()));
                connection.TrySend(RawConnection.Frame(RawConnection.Data, 0, stream, [0, 0, 0x3F, 0xFF, 0xFF, 1]));
            }
        }
        // And messages of just under the limit that are never finished, as much as the windows let through.
        byte[] piece = RawConnection.Frame(RawConnection.Data, 0, 1, new byte[16_000]);
        for (int i = 0; i < 20; i++)
        {
            RawConnection connection = daemon.Connect();
            slow.Add(connection);
            connection.TrySend([.. RawConnection.Preface, .. RawConnection.Frame(RawConnection.Headers, RawConnection.EndHeaders, 1, RawConnection.HeaderBlock()),
                .. RawConnection.Frame(RawConnection.Data, 0, 1, [0, 0, 0x3F, 0xFF, 0xFF])]);
            for (int n = 0; n < 30 && connection.TrySend(piece); n++)
            {
            }
        }
        // Kestrel's own patience with a slow body is five seconds: the first of them are told.
        Assert.NotEqual("", slow[0].ReadStream(1));
        await neighbour.AssertUndisturbedAsync("5,000 calls whose message never comes whole", 200);
        slow.ForEach(connection => connection.Dispose());
    }

    private static byte[] Call(int stream, byte[] headers, byte[] body) =>
    [
        .. RawConnection.Frame(RawConnection.Headers, (byte)(RawConnection.EndHeaders | (body.Length == 0 ? RawConnection.EndStream : 0)), stream, headers),
        .. body.Length == 0 ? [] : RawConnection.Frame(RawConnection.Data, RawConnection.EndStream, stream, body),
    ];

    /// <summary>The status details are base64.</summary>
    private static string Decoded(string answer)
    {
        int at = answer.IndexOf("grpc-status-details-bin", StringComparison.Ordinal);
        if (at < 0)
            return answer;
        string coded = new([.. answer[(at + 23)..].SkipWhile(c => !char.IsAsciiLetterOrDigit(c)).TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/')]);
        for (int cut = 0; cut < 4; cut++)
        {
            string part = coded[cut..];
            byte[] bytes = new byte[part.Length];
            if (Convert.TryFromBase64String(part + new string('=', (4 - part.Length % 4) % 4), bytes, out int length))
                answer += Encoding.Latin1.GetString(bytes, 0, length);
        }
        return answer;
    }
}
