using Microsoft.Extensions.Logging;

namespace AtomikD.Engine;

internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Information, "Route {Route} is served: {Staging} to {Target}")]
    public static partial void RouteServed(ILogger logger, string route, string staging, string target);

    [LoggerMessage(501, LogLevel.Warning, "Route {Route} stops: {Why}. It goes on when its folders are right again.")]
    public static partial void RouteStopped(ILogger logger, string route, string why);

    [LoggerMessage(502, LogLevel.Warning, "Route {Route} takes no commits: {Why} {Hint}")]
    public static partial void RouteUnhealthy(ILogger logger, string route, string why, string hint);

    [LoggerMessage(503, LogLevel.Error, "Trouble on route {Route}: {Why} {Hint}")]
    public static partial void RouteTrouble(ILogger logger, string route, string why, string hint);

    [LoggerMessage(504, LogLevel.Warning, "{Staging} cannot be listed: {Why}")]
    public static partial void ScanFailed(ILogger logger, string staging, string why);

    [LoggerMessage(505, LogLevel.Warning, "The journal was damaged and is set aside as {Path}; versions go on by what the vaults and targets show")]
    public static partial void JournalSetAside(ILogger logger, string path);

    [LoggerMessage(506, LogLevel.Information, "Configuration reloaded: {Routes} routes")]
    public static partial void Reloaded(ILogger logger, int routes);

    [LoggerMessage(507, LogLevel.Error, "The new configuration is not applied, the last good one stays: {Errors}")]
    public static partial void ReloadRefused(ILogger logger, string errors);

    [LoggerMessage(508, LogLevel.Warning, "{Count} commits of route {Route} ({Staging}) have no result, and the route is not configured any more; configure it again to have them recovered")]
    public static partial void OrphanedIntents(ILogger logger, int count, string route, string staging);

    [LoggerMessage(509, LogLevel.Warning, "The orderly stop could not sync {Path}: {Why}")]
    public static partial void StopNotSynced(ILogger logger, string path, string why);

    [LoggerMessage(511, LogLevel.Error, "An unexpected error while route {Route} was collected")]
    public static partial void CollectionFailed(ILogger logger, string route, Exception e);

    [LoggerMessage(510, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(520, LogLevel.Error, "The folders of route {Route} are still in use by something that should have ended")]
    public static partial void FoldersStillInUse(ILogger logger, string route);
}
