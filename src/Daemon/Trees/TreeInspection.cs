using AtomikD.Commits;
using AtomikD.Linux;
using AtomikD.Versions;

namespace AtomikD.Trees;

/// <summary>
/// One pass over an item that changes nothing: can it be published, is it finished? A lease held on
/// the root by the same descriptor is given up.
/// </summary>
internal static class TreeInspection
{
    public static Refusal? Inspect(Fd root, FileStatus rootStatus, string shownPath, InspectionRules rules, out TreeFacts facts)
    {
        facts = new TreeFacts(rootStatus.KindOf(), 0, 0, 1);
        if (rootStatus.IsMountRoot || (rules.Device is { } device && device != rootStatus.Device))
            return TreeRefusals.MountPoint(shownPath);
        if (rootStatus.IsSymlink)
            return TreeRefusals.Unsupported($"{shownPath} is a symbolic link", "Stage what it points to.");
        return rootStatus.IsFolder
            ? InspectFolder(root, rootStatus, shownPath, rules, ref facts)
            : InspectFile(root, rootStatus, shownPath, rules, ref facts);
    }

    private static Refusal? InspectFile(Fd root, FileStatus status, string shownPath, InspectionRules rules, ref TreeFacts facts)
    {
        if (rules.AskLeases && status.IsFile)
        {
            Errno lease = Fcntl.SetLease(root, Fcntl.F_RDLCK);
            // What a writer did before he closed shows only now.
            Errno error = Stat.FStat(root, out status);
            Fcntl.SetLease(root, Fcntl.F_UNLCK);
            if (error != Errno.None)
                return TreeRefusals.From(error, "look at", shownPath);
            if (lease != Errno.None)
                return TreeRefusals.NoLease(shownPath, lease);
        }
        Fault fault = Judge(status, rules, rules.SkipRootChange);
        if (fault != Fault.None)
            return Refuse(fault, status, shownPath);
        facts = facts with { Files = 1, Bytes = status.Size, OldestChange = status.Changed };
        return rules.RefuseOutsideLinks && status.Links > 1 ? TreeRefusals.OutsideLink(shownPath) : null;
    }

    private static Refusal? InspectFolder(Fd root, in FileStatus rootStatus, string shownPath, InspectionRules rules, ref TreeFacts facts)
    {
        long files = 0;
        long bytes = 0;
        var oldest = new Timestamp(long.MaxValue, 0);
        LinkCount? links = rules.RefuseOutsideLinks ? new LinkCount() : null;
        using var walk = new TreeWalk(root, rootStatus, shownPath, look: !rules.AskLeases);
        Refusal? refusal = null;
        while (refusal is null && walk.Next())
        {
            if (walk.Entries > rules.QuickLimit)
            {
                facts = facts with { Files = files, Bytes = bytes, Entries = rules.QuickLimit.Value, Partial = true };
                return null;
            }
            switch (walk.Step)
            {
                case Step.Folder:
                    Fault fault = Judge(walk.Status, rules, rules.SkipRootChange && walk.Depth == 0);
                    if (fault != Fault.None)
                        refusal = Refuse(fault, walk.Status, walk.Path);
                    break;
                case Step.Entry:
                    refusal = InspectEntry(walk, rootStatus, rules, out FileStatus status);
                    if (!status.IsFile)
                        break;
                    files++;
                    bytes += status.Size;
                    oldest = status.Changed < oldest ? status.Changed : oldest;
                    links?.Saw(status);
                    break;
                case Step.Trouble:
                    refusal = walk.Refuse();
                    break;
            }
        }
        if (refusal is null && links?.FindOutside() is { } inode)
            refusal = TreeRefusals.OutsideLink(LinkCount.FindPath(root, rootStatus, shownPath, inode));
        facts = facts with { Files = files, Bytes = bytes, Entries = walk.Entries, OldestChange = oldest };
        return refusal;
    }

    private static Refusal? InspectEntry(TreeWalk walk, in FileStatus root, InspectionRules rules, out FileStatus status)
    {
        Errno lease = Errno.None;
        Errno error;
        if (rules.AskLeases && walk.Type == Dirent.DT_REG)
        {
            error = Fcntl.OpenBeneath(walk.Folder, walk.Name, Fcntl.O_RDONLY, out Fd file);
            using Fd _ = file;
            status = default;
            // The look comes after the lease, so that it shows what the last writer did. Closing gives the lease back.
            if (error == Errno.None)
                lease = Fcntl.SetLease(file, Fcntl.F_RDLCK);
            if (error == Errno.None)
                error = Stat.FStat(file, out status);
        }
        else
        {
            error = rules.AskLeases ? walk.Look() : Errno.None;
            status = walk.Status;
        }
        if (error != Errno.None)
            return TreeRefusals.From(error, "read", walk.Path);
        if (status.Type >> 12 != walk.Type)
            return TreeRefusals.Changed(walk.Path);
        if (TreeWalk.IsForeign(status, root))
            return TreeRefusals.MountPoint(walk.Path);
        Fault fault = Judge(status, rules, skipChange: false);
        if (fault != Fault.None)
            return Refuse(fault, status, walk.Path);
        return lease == Errno.None ? null : TreeRefusals.NoLease(walk.Path, lease);
    }

    private enum Fault
    {
        None,
        Kind,
        Poisoned,
        Changed,
    }

    private static Fault Judge(in FileStatus status, InspectionRules rules, bool skipChange) =>
        !TreeRefusals.IsPublishable(status) ? Fault.Kind
        : rules.IsPoisoned?.Invoke(status) == true ? Fault.Poisoned
        : !skipChange && rules.MarkerChanged is { } marker && (rules.JudgesByModified ? status.Modified : status.Changed) > marker ? Fault.Changed
        : Fault.None;

    private static Refusal Refuse(Fault fault, in FileStatus status, string path) => fault switch
    {
        Fault.Kind => TreeRefusals.Kind(status, path),
        Fault.Poisoned => TreeRefusals.Poisoned(path),
        _ => TreeRefusals.ChangedAfterMarker(path),
    };
}
