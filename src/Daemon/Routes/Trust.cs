using AtomikD.Linux;

namespace AtomikD.Routes;

/// <summary>
/// Contents are trusted only within the boot that wrote them: after a power cut the kernel may show a file by name whose
/// data it has lost. Before that, only up to an orderly stop, which synced everything.
/// </summary>
/// <param name="Since">Start of this boot, or return of the disk.</param>
/// <param name="Until">The orderly stop of the boot before; default where there was none.</param>
internal readonly record struct Trust(Timestamp Since, Timestamp Until)
{
    public bool Covers(Timestamp written) => written >= Since || written <= Until;
}
