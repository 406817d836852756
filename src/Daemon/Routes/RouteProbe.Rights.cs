using AtomikD.Configuration;
using AtomikD.Linux;

namespace AtomikD.Routes;

internal sealed partial class RouteProbe
{
    private const uint GroupWrites = 0x10;
    private const uint OthersWrite = 0x02;

    /// <summary>Who may make and rename names in a folder. Root may everywhere and is left out.</summary>
    private sealed record Writers(bool Anyone, IReadOnlySet<uint> Users, IReadOnlySet<uint> Groups)
    {
        public bool IncludeOthersThan(uint uid) => Anyone || AllUsers().Any(u => u != uid);

        public IEnumerable<uint> AllUsers() => Users.Concat(Groups.SelectMany(Accounts.MembersOf)).Where(u => u != 0).Distinct();
    }

    private bool May(int capability) => (_capabilities & (1UL << capability)) != 0;

    private static Writers WritersOf(Place place)
    {
        var users = new HashSet<uint> { place.Status.Uid };
        var groups = new HashSet<uint>();
        List<(ushort Tag, ushort Permissions, uint Id)> acl = PosixAcl.Of(place.Folder);
        foreach ((ushort tag, ushort permissions, uint id) in acl)
        {
            if ((permissions & PosixAcl.ACL_WRITE) == 0)
                continue;
            if (tag == PosixAcl.ACL_USER)
                users.Add(id);
            else if (tag == PosixAcl.ACL_GROUP)
                groups.Add(id);
            else if (tag == PosixAcl.ACL_GROUP_OBJ)
                groups.Add(place.Status.Gid);
        }
        // With an access list the group bits of the mode are its mask.
        if (acl.Count == 0 && (place.Status.Permissions & GroupWrites) != 0)
            groups.Add(place.Status.Gid);
        return new Writers((place.Status.Permissions & OthersWrite) != 0, users, groups);
    }

    private void CheckRights(Place staging, Place target)
    {
        uint uid = Unistd.GetEuid();
        Writers writers = WritersOf(staging);
        CheckAllowUsers(staging, writers);
        bool foreign = writers.IncludeOthersThan(uid);

        foreach (Place place in new[] { staging, target })
        {
            if ((place.Status.Permissions & Stat.S_ISVTX) != 0 && place.Status.Uid != uid && !May(Capabilities.CAP_FOWNER))
                Add(Severity.Error, $"{Capital(place)} is sticky (mode 0{Convert.ToString(place.Status.Permissions, 8)}) and not the daemon's own: it may not rename there what belongs to others.",
                    $"{Give("CAP_FOWNER")}, or take the sticky bit away: chmod -t {place.Path}");
        }
        if (foreign && _route.OpenFiles == OpenFilesPolicy.Wait && !May(Capabilities.CAP_LEASE))
            Add(Severity.Error, $"Other users may write in {staging}, but without CAP_LEASE the daemon cannot find out whether their files are still open for writing.",
                $"{Give("CAP_LEASE")}, or say OpenFiles = ignore and let producers finish before they mark.");
        if (foreign && !May(Capabilities.CAP_DAC_OVERRIDE))
            Add(Severity.Warning, $"Other users may write in {staging}, but without CAP_DAC_OVERRIDE the daemon can take only those of their folders that it may write in.",
                $"{Give("CAP_DAC_OVERRIDE")}, or let producers give folders to a group of the daemon's, group-writable.");
        CheckOwnerAndModes(uid, foreign);
    }

    private void CheckOwnerAndModes(uint uid, bool foreign)
    {
        bool ownsOwner = _route.Owner is null || (_route.Owner == uid && !foreign);
        bool ownsGroup = _route.Group is not { } gid || (!foreign && (gid == Unistd.GetEgid() || Capabilities.SupplementaryGroups().Contains(gid)));
        if (!(ownsOwner && ownsGroup) && !May(Capabilities.CAP_CHOWN))
            Add(Severity.Error, $"The route gives items to {(ownsOwner ? Accounts.DescribeGroup(_route.Group!.Value) : Accounts.DescribeUser(_route.Owner!.Value))}, which needs CAP_CHOWN.",
                $"{Give("CAP_CHOWN")}, or leave Owner and Group empty.");
        if ((_route.FileMode ?? _route.DirectoryMode) is not null && (foreign || (_route.Owner ?? uid) != uid) && !May(Capabilities.CAP_FOWNER))
            Add(Severity.Error, "The route sets the modes of items that belong to others, which needs CAP_FOWNER.", $"{Give("CAP_FOWNER")}, or leave FileMode and DirectoryMode empty.");
    }

    /// <summary>
    /// A marker proves who made it by its owner. In a folder that is not sticky, whoever may write can rename another's file
    /// into a marker.
    /// </summary>
    private void CheckAllowUsers(Place staging, Writers writers)
    {
        AllowedUsers allowed = _route.AllowUsers;
        if (allowed.IsEveryone)
            return;
        bool sticky = (staging.Status.Permissions & Stat.S_ISVTX) != 0;
        bool MayForge(uint uid) => uid != 0 && uid != _owner && !allowed.Allows(uid);

        if (sticky ? MayForge(staging.Status.Uid) : writers.Users.Any(MayForge))
        {
            uint forger = sticky ? staging.Status.Uid : writers.Users.First(MayForge);
            Forgeable($"{Accounts.DescribeUser(forger)} {(forger == staging.Status.Uid ? "owns" : "may write in")} {staging}", $"Give the folder to root or the daemon's user: chown {_owner} {staging.Path}");
        }
        else if (!sticky && writers.Anyone)
            Forgeable($"everybody may write in {staging}", $"Make it sticky (chmod +t {staging.Path}), or writable for the users of AllowUsers alone.");
        else if (!sticky && writers.Groups.Where(g => !allowed.Groups.Contains(g)).SelectMany(Accounts.MembersOf).Where(MayForge).ToArray() is [uint member, ..])
            Forgeable($"{Accounts.DescribeUser(member)} may write in {staging} by a group", $"Make it sticky (chmod +t {staging.Path}), or writable for the users of AllowUsers alone.");
    }

    private void Forgeable(string who, string hint) =>
        Add(Severity.Error, $"AllowUsers cannot be kept: {who}, is not one of its users, and could pass files of theirs off as markers.", hint);

    private void CheckLeases(Place staging)
    {
        if (_route.OpenFiles == OpenFilesPolicy.Ignore)
            return;
        Name name = Own("-lease", staging);
        if (!MakeFile(staging, name))
            return;
        Errno errno = Fcntl.OpenBeneath(staging.Folder, name, Fcntl.O_RDONLY, out Fd file);
        using (file)
        {
            if (errno == Errno.None)
                errno = Fcntl.SetLease(file, Fcntl.F_RDLCK);
        }
        if (errno == Errno.None)
            Add(Severity.Info, "Files that are open for writing are noticed by leases.");
        else
            Add(Severity.Error, $"{Capital(staging)} is on {staging.FileSystem}, which gives no leases ({errno.Describe()}): files that are open for writing cannot be noticed.",
                "Say OpenFiles = ignore and let producers finish before they mark, or put staging on another file system.");
    }

    private static string Give(string capability) => $"Give the daemon {capability} (in a drop-in of its unit: [Service] AmbientCapabilities={capability})";
}
