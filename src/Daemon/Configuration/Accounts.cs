using AtomikD.Linux;

namespace AtomikD.Configuration;

/// <summary>Who belongs to a group, and how users and groups are named to people.</summary>
internal static class Accounts
{
    /// <summary>
    /// The users of a group: those whose own group it is, and those it lists. Users whose own group it is are found where the
    /// name service lists them all; one that does not must be named by itself.
    /// </summary>
    public static HashSet<uint> MembersOf(uint gid)
    {
        var members = Pwd.All().Where(u => u.Gid == gid).Select(u => u.Uid).ToHashSet();
        foreach (string name in Grp.ByGid(gid)?.Members ?? [])
        {
            if (Pwd.ByName(name) is { } user)
                members.Add(user.Uid);
        }
        return members;
    }

    /// <summary><c>deploy (1001)</c>, or the number alone where it has no name.</summary>
    public static string DescribeUser(uint uid) => Pwd.ByUid(uid) is { } user ? $"{user.Name} ({uid})" : $"user {uid}";

    /// <summary><c>www-data (33)</c>, or the number alone where it has no name.</summary>
    public static string DescribeGroup(uint gid) => Grp.ByGid(gid) is { } group ? $"{group.Name} ({gid})" : $"group {gid}";
}
