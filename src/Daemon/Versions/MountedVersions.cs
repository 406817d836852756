using AtomikD.Linux;

namespace AtomikD.Versions;

/// <summary>Who has something mounted, and where it sees it.</summary>
internal sealed record MountUse(int Pid, string Command, string Point);

/// <summary>
/// Which versions are mounted anywhere that can be seen. One look serves all vaults for some seconds, but never a version
/// that was replaced after it: until then anybody could have mounted it.
/// </summary>
/// <param name="clock">The journal's, by which the replacing is dated too.</param>
internal sealed class MountedVersions(Func<TimeSpan> clock)
{
    private static readonly TimeSpan s_goodFor = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private MountLook? _last;

    /// <summary>
    /// The entries of a folder that are mounted somewhere, whole or in part, or have something mounted in them. Null: the
    /// folder's own mount cannot be seen from here, and so nobody can tell.
    /// </summary>
    public Dictionary<Name, MountUse>? UsesIn(Fd folder, TimeSpan notBefore) =>
        Look(notBefore) is { Namespaces: > 0 } look && MountPlace.Of(folder) is { } place ? look.UsesIn(place) : null;

    /// <param name="notBefore">The look must have begun after this moment; TimeSpan.MinValue where any recent one will do.</param>
    public MountLook Look(TimeSpan notBefore)
    {
        lock (_gate)
        {
            TimeSpan now = clock();
            if (_last is { } last && last.At > notBefore && now - last.At <= s_goodFor)
                return last;
            return _last = MountLook.Take(now);
        }
    }
}
