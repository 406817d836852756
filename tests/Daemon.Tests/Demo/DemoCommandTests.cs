using System.Text.Json;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>The demo proves what it says, on this machine.</summary>
public sealed class DemoCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void It_proves_and_leaves_nothing()
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 5, byDotnet: false, "--json");

        int code = demo.Wait();

        JsonElement json = demo.Json;
        Assert.True(code == 0 && json.GetProperty("ok").GetBoolean(), demo.Output + demo.Error);
        Assert.True(json.GetProperty("commits").GetInt32() > 0);
        Assert.Equal(0, json.GetProperty("torn").GetInt64());
        Assert.Equal(0, json.GetProperty("missing").GetInt64());
        Assert.True(json.GetProperty("bytes").GetInt64() > 0);
        Assert.Equal(json.GetProperty("commits").GetInt32() - 1, json.GetProperty("collected").GetInt32() + json.GetProperty("kept").GetInt32());
        Assert.InRange(json.GetProperty("kept").GetInt32(), 0, 2);
        AssertNothingLeft(demo);
    }

    [Fact]
    public void Started_by_dotnet_it_finds_its_producer()
    {
        using var demo = new DemoProcess(_folder.Path, seconds: 1, byDotnet: true);

        Assert.True(demo.Wait() == 0, demo.Output + demo.Error);

        Assert.Contains("Proved: ", demo.Output, StringComparison.Ordinal);
        AssertNothingLeft(demo);
    }

    [Fact]
    public void A_file_system_that_cannot_sync_is_told_of()
    {
        const string memory = "/dev/shm";
        if (!Directory.Exists(memory))
            Assert.Skip("no tmpfs at /dev/shm");
        using var folder = new TempFolder(memory);
        using var demo = new DemoProcess(folder.Path, seconds: 1, byDotnet: false, "--json");

        Assert.True(demo.Wait() == 0, demo.Output + demo.Error);

        Assert.False(demo.Json.GetProperty("durable").GetBoolean());
        AssertNothingLeft(demo);
    }

    [Fact]
    public void Wrong_usage_is_told_and_makes_nothing()
    {
        using var missing = new DemoProcess(_folder["none"], seconds: 1);
        using var never = new DemoProcess(_folder.Path, seconds: 0);

        Assert.Equal(64, missing.Wait());
        Assert.Equal(64, never.Wait());
        Assert.Contains("is not a folder", missing.Error, StringComparison.Ordinal);
        AssertNothingLeft(never);
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertNothingLeft(DemoProcess demo)
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(demo.Parent));
        Assert.Empty(demo.Producers());
    }
}
