using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Promises;

/// <summary>At every instant the destination resolves to one complete version, old or new.</summary>
[Trait("Promise", "P1")]
public sealed class P1WholeTests
{
    private const int Versions = 60;

    private static readonly string[] s_files = ["a", "b", "c", "sub/d"];

    /// <summary>Reads until told to stop; what it found wrong is told.</summary>
    private sealed class Reader(string live) : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private Task? _work;

        public List<string> Wrong { get; } = [];

        public int Reads { get; private set; }

        public void Start() => _work = Task.Factory.StartNew(() =>
        {
            while (!_stop.IsCancellationRequested)
                Read();
        }, TaskCreationOptions.LongRunning);

        private void Read()
        {
            Errno error = Fcntl.Open(Name.Of(live), Fcntl.O_RDONLY | Fcntl.O_DIRECTORY, 0, out Fd folder);
            using Fd closing = folder;
            if (error != Errno.None)
            {
                Wrong.Add($"the destination: {error}");
                return;
            }
            string[] texts = [.. s_files.Select(file => File.ReadAllText($"/proc/self/fd/{folder.Number}/{file}"))];
            if (texts.Distinct().Count() != 1 || texts[0].Length == 0)
                Wrong.Add($"one opened folder held {string.Join(", ", texts.Distinct().Select(text => text[..Math.Min(text.Length, 12)]))}");
            Reads++;
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _work!;
        }

        public void Dispose() => _stop.Dispose();
    }

    [Fact]
    public async Task A_reader_of_one_opened_folder_never_sees_a_mixture_nor_a_gap()
    {
        await using var harness = await new EngineHarness().StartAsync();
        Publish(harness, 0);
        using var reader = new Reader(harness.Live("site"));
        reader.Start();

        for (int version = 1; version <= Versions; version++)
            Publish(harness, version);

        await reader.StopAsync();
        Assert.Empty(reader.Wrong);
        Assert.True(reader.Reads > 0);
    }

    /// <summary>The kind changes, which no plain rename can do over what stands there.</summary>
    [Fact]
    public async Task The_name_never_goes_missing_while_a_file_and_a_folder_take_turns()
    {
        await using var harness = await new EngineHarness(configure: route => route with { Durability = Durability.None }).StartAsync();
        harness.Publish("thing", "file");
        using var stop = new CancellationTokenSource();
        int missing = 0;
        Task looking = Task.Factory.StartNew(() =>
        {
            while (!stop.IsCancellationRequested)
                missing += EngineHarness.ExistsNoFollow(harness.Live("thing")) ? 0 : 1;
        }, TaskCreationOptions.LongRunning);

        for (int turn = 0; turn < Versions; turn++)
            Assert.True((turn % 2 == 0 ? harness.PublishFolder("thing", "folder") : harness.Publish("thing", "file")).Succeeded);

        await stop.CancelAsync();
        await looking;
        Assert.Equal(0, missing);
    }

    /// <summary>Until the moment of the swap nothing of the new version can be seen at the destination.</summary>
    [Fact]
    public async Task Nothing_of_a_refused_replacement_is_ever_seen()
    {
        await using var harness = await new EngineHarness().StartAsync();
        harness.PublishFolder("site", "good");
        harness.StageFolder("site", ("index.html", "bad"), ("more", "bad"));
        harness.Mark("site", $$"""{"sha256":"{{new string('0', 64)}}"}""");

        Receipt refused = harness.WaitFor("site");

        Assert.Equal("CHECKSUM_MISMATCH", refused.Reason);
        Assert.Equal("good", File.ReadAllText(harness.Live("site/index.html")));
        Assert.False(File.Exists(harness.Live("site/more")));
    }

    private static void Publish(EngineHarness harness, int version)
    {
        harness.StageFolder("site", [.. s_files.Select(file => (file, string.Concat(Enumerable.Repeat($"version {version}\n", 200))))]);
        harness.Mark("site");
        Assert.True(harness.WaitFor("site").Succeeded);
    }
}
