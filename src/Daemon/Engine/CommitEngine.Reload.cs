using AtomikD.Configuration;
using AtomikD.Routes;

namespace AtomikD.Engine;

/// <summary>A new configuration without a restart.</summary>
internal sealed partial class CommitEngine
{
    private readonly SemaphoreSlim _reloading = new(1);

    /// <summary>
    /// Applies it without dropping a commit: a changed policy counts for what is admitted from now on; a route whose folders
    /// changed, or that is gone, finishes what has an intent and lets go of its vault before another takes it.
    /// </summary>
    public async Task ReloadAsync(Settings settings)
    {
        await _reloading.WaitAsync();
        try
        {
            if (Volatile.Read(ref _isStopped) == 1)
                return;
            _core.Settings = settings;
            var wanted = settings.Routes.ToDictionary(route => route.Name, StringComparer.Ordinal);
            var leaving = new List<RouteKeeper>();
            foreach (RouteKeeper keeper in Keepers)
            {
                if (wanted.TryGetValue(keeper.Route.Name, out RouteSettings? changed) && IsSamePlace(keeper.Route.Settings, changed))
                {
                    bool keepChanged = keeper.Route.Settings.Keep != changed.Keep;
                    keeper.Route.Settings = changed;
                    keeper.AcceptOtherDisks();
                    if (keepChanged && keeper.Route.Folders is { } folders)
                        Journal.Write(durable: false, session => { session.RecomputeSurplus(folders.Vault.Id, changed.Name, changed.Keep); return true; });
                    wanted.Remove(changed.Name);
                }
                else
                {
                    leaving.Add(keeper);
                }
            }
            lock (_routesLock)
                _keepers = _keepers.Where(pair => !leaving.Contains(pair.Value)).ToDictionary();
            await Task.WhenAll(leaving.Select(keeper => keeper.RetireAsync("the route was changed or removed by a reload", Timeout.InfiniteTimeSpan)));
            foreach (RouteSettings added in wanted.Values)
                Add(added);
            await Task.WhenAll(Keepers.Select(keeper => keeper.CurrentWork));
            Wake();
            _collector.Soon();
            Log.Reloaded(Logger, settings.Routes.Count);
        }
        finally
        {
            _reloading.Release();
        }
    }

    private static bool IsSamePlace(RouteSettings now, RouteSettings then) => now.Staging == then.Staging && now.Target == then.Target
        && now.Vault == then.Vault && now.Durability == then.Durability && now.CrossDevice == then.CrossDevice;
}
