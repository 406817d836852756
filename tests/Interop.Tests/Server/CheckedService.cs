using System.Text.Json;
using AtomikD.Configuration;
using AtomikD.Linux;
using AtomikD.Support;

namespace AtomikD.Interop.Server;

/// <summary>The service with a route for everything that the foreign clients' checks provoke, and a plan that tells them of it.</summary>
internal sealed class CheckedService : IAsyncDisposable
{
    private const string Memory = "/dev/shm";

    private readonly ServiceHarness _harness;
    private readonly TempFolder? _farAway;

    private CheckedService(ServiceHarness harness, TempFolder? farAway)
    {
        _harness = harness;
        _farAway = farAway;
    }

    /// <summary>The path of the plan.</summary>
    public string Plan => Path.Combine(_harness.Root, "plan.json");

    public static async Task<CheckedService> StartAsync()
    {
        var harness = new ServiceHarness();
        TempFolder? farAway = IsAnotherFileSystem(harness.Root) ? new TempFolder(Memory) : null;
        harness.Settings = harness.Settings with { Routes = [.. RoutesOf(harness, farAway)] };
        // Short enough for a check to wait it out, long enough to be within.
        harness.Options = harness.Options with { BusyLimit = TimeSpan.FromSeconds(2) };
        var service = new CheckedService(harness, farAway);
        await harness.StartAsync();
        File.WriteAllText(service.Plan, JsonSerializer.Serialize(new
        {
            socket = harness.Socket,
            routes = harness.Settings.Routes.ToDictionary(route => route.Name, route => new { staging = route.Staging, target = route.Target, vault = route.Vault }),
        }));
        return service;
    }

    private static IEnumerable<RouteSettings> RoutesOf(ServiceHarness harness, TempFolder? farAway)
    {
        RouteSettings Route(string name) => name == "site" ? harness.Settings.Routes[0] : harness.NewRoute(name);

        yield return Route("site") with { Keep = 4 };
        yield return Route("fast") with { Durability = Durability.None, Keep = 1, KeepFor = TimeSpan.Zero };
        yield return Route("labelled") with { Durability = Durability.None, Keep = 1000 };
        yield return Route("watched");
        yield return Route("never") with { Overwrite = OverwritePolicy.Never };
        yield return Route("request") with { Overwrite = OverwritePolicy.OnRequest };
        yield return Route("pruned") with { Keep = 1, KeepFor = TimeSpan.Zero };
        yield return Route("small") with { MaxUpload = 64 * 1024 };
        yield return Route("gone") with { Staging = Path.Combine(harness.Root, "never-made") };
        yield return Route("mine") with { AllowUsers = Only(Unistd.GetEuid()) };
        yield return Route("theirs") with { AllowUsers = Only(ForeignUser.Stranger) };
        if (farAway is not null)
        {
            yield return Route("cross") with { Staging = farAway.MakeFolder("cross") };
            yield return Route("copy") with { Staging = farAway.MakeFolder("copy"), CrossDevice = CrossDevicePolicy.Copy, MinFree = long.MaxValue / 2 };
        }
        else
        {
            yield return Route("copy") with { MinFree = long.MaxValue / 2 };
        }
    }

    private static AllowedUsers Only(uint uid) => new(new HashSet<uint> { uid }, new HashSet<uint>(), new HashSet<uint>());

    private static bool IsAnotherFileSystem(string here) => Directory.Exists(Memory)
        && Stat.StatAt(Fd.Cwd, Name.Of(Memory), out FileStatus memory) == Errno.None
        && Stat.StatAt(Fd.Cwd, Name.Of(here), out FileStatus own) == Errno.None
        && memory.Device != own.Device;

    public async ValueTask DisposeAsync()
    {
        // Some routes are meant to be unhealthy.
        await _harness.DisposeAsync();
        _farAway?.Dispose();
    }
}
