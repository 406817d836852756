namespace AtomikD.Client.Internal;

/// <summary>Where each route stages: as the options say, else as the daemon says, which counts for one connection.</summary>
internal sealed class StagingPaths(
    IDictionary<string, string> told, DaemonSocket socket, Func<CancellationToken, Task<IReadOnlyDictionary<string, string>>> ask)
{
    private readonly Dictionary<string, string> _told = new(told, StringComparer.Ordinal);
    private volatile Answer? _answer;

    public async Task<string> FindAsync(string route, CancellationToken cancellationToken)
    {
        if (_told.TryGetValue(route, out string? path))
            return Path.GetFullPath(path);
        if (_answer is { } known && known.Connections == socket.Connections && known.Paths.TryGetValue(route, out path))
            return path;
        IReadOnlyDictionary<string, string> paths = await ask(cancellationToken);
        _answer = new Answer(socket.Connections, paths);
        return paths.TryGetValue(route, out path)
            ? path
            : throw new AtomikException(AtomikReason.RouteNotFound, $"There is no route {route}, or this user may not use it.")
            {
                Hint = "atomikctl status lists the routes that this user may use; AllowUsers of a route says who may.",
            };
    }

    /// <summary>False where there is nobody to ask again.</summary>
    public bool Forget(string route)
    {
        _answer = null;
        return !_told.ContainsKey(route);
    }

    private sealed record Answer(int Connections, IReadOnlyDictionary<string, string> Paths);
}
