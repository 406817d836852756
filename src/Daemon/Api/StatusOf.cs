using AtomikD.Commits;
using AtomikD.Configuration;
using AtomikD.Journal;
using AtomikD.Routes;
using AtomikD.V1;
using Google.Protobuf.WellKnownTypes;

namespace AtomikD.Api;

/// <summary>How a route does, as a message.</summary>
internal static class StatusOf
{
    public static async Task<RouteStatus> RouteAsync(Route route, CommitJournal journal, TimeProvider time)
    {
        RouteSettings settings = route.Settings;
        OpenFolders? folders = route.Folders;
        string? trouble = route.Trouble;
        RouteQueue queue = route.Lane?.QueueOf(route) ?? RouteQueue.Empty;
        var status = new RouteStatus
        {
            Name = route.Name,
            Staging = settings.Staging,
            Target = settings.Target,
            Vault = settings.Vault,
            Healthy = trouble is null,
            Trouble = trouble ?? "",
            Overwrite = settings.Overwrite switch
            {
                OverwritePolicy.Never => "never",
                OverwritePolicy.Always => "always",
                _ => "on-request",
            },
            Durable = settings.Durability == Durability.Full && folders?.Durable != false,
            MaxUpload = settings.MaxUpload,
            QueueLength = queue.Length,
            QueueOldestAge = queue.OldestAge.ToDuration(),
            UnmarkedItems = route.Unmarked.Count,
            UnmarkedOldestAge = route.Unmarked.AgeAt(time.GetUtcNow()).ToDuration(),
            StuckMarkers = route.Stuck.Count,
            LostAndFound = route.Strays,
            Commits = route.Commits,
            Failures = route.Failures,
            LastCommitAt = route.LastCommitAt?.ToTimestamp(),
        };
        status.Warnings.AddRange(route.Warnings);
        if (folders is null)
            return status;
        (status.RetainedVersions, status.RetainedBytes, IReadOnlyList<(string Name, string Reason)> holds) = await journal.WriteAsync(durable: false, session =>
        {
            (long versions, long bytes) = session.RetainedTotals(folders.Vault.Id);
            return (versions, bytes, session.Holds(folders.Vault.Id));
        });
        status.HeldNames.AddRange(holds.Select(hold => new HeldName { Name = hold.Name, Reason = hold.Reason }));
        return status;
    }
}
