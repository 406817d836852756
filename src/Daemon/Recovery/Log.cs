using Microsoft.Extensions.Logging;

namespace AtomikD.Recovery;

internal static partial class Log
{
    [LoggerMessage(200, LogLevel.Information, "Recovered route {Route}: {Settled} settled, {Resumed} going on, {PutBack} given back, {Forgotten} forgotten, {Closed} closed, {Strays} to lost+found")]
    public static partial void Recovered(ILogger logger, string route, int settled, int resumed, int putBack, int forgotten, int closed, int strays);

    [LoggerMessage(201, LogLevel.Error, "The item of commit {Id} to {Route}/{Name} is neither in staging, nor in the vault, nor live: something else removed it")]
    public static partial void ItemVanished(ILogger logger, string route, string name, string id);

    [LoggerMessage(202, LogLevel.Warning, "The item of a commit to {Route}/{Name} was lost when the machine went down: it had never been synced")]
    public static partial void ItemLostWithPower(ILogger logger, string route, string name);

    [LoggerMessage(203, LogLevel.Warning, "Version {Number} of {Route}/{Name} is no longer retained: something else removed it from the vault")]
    public static partial void RetainedIsGone(ILogger logger, string route, string name, long number);

    [LoggerMessage(204, LogLevel.Warning, "The publish of version {Number} of {Route}/{Name} was lost when the machine went down; version {Before} is live again, the other is in lost+found")]
    public static partial void PublishWasLost(ILogger logger, string route, string name, long number, long before);

    [LoggerMessage(205, LogLevel.Warning, "Version {Number} of {Route}/{Name} is no longer live: something else removed it from the target")]
    public static partial void LiveIsGone(ILogger logger, string route, string name, long number);

    [LoggerMessage(207, LogLevel.Warning, "The removal of {Route}/{Name} was lost when the machine went down; version {Number} is live again")]
    public static partial void RemovalWasLost(ILogger logger, string route, string name, long number);

    [LoggerMessage(206, LogLevel.Warning, "{Slot} belongs to no version that the journal knows: {To}")]
    public static partial void UnknownSlot(ILogger logger, string slot, string to);
}
