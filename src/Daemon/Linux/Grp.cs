using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>A group of this machine.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Gid">Its number.</param>
/// <param name="Members">Names of those who are in it beside the users whose own group it is.</param>
internal sealed record UserGroup(string Name, uint Gid, IReadOnlyList<string> Members);

/// <summary>grp.h: groups by name and number.</summary>
internal static unsafe partial class Grp
{
    [StructLayout(LayoutKind.Sequential)]
    public struct group
    {
        public byte* gr_name;
        public byte* gr_passwd;
        public uint gr_gid;
        public byte** gr_mem;
    }

    [LibraryImport("libc")]
    private static partial int getgrnam_r(byte* name, group* result, byte* buffer, nuint size, group** found);

    [LibraryImport("libc")]
    private static partial int getgrgid_r(uint gid, group* result, byte* buffer, nuint size, group** found);

    /// <summary>Null where there is none.</summary>
    public static UserGroup? ByName(string name) => Find(Linux.Name.Of(name), 0);

    /// <summary>Null where there is none.</summary>
    public static UserGroup? ByGid(uint gid) => Find(null, gid);

    private static UserGroup? Find(Name? name, uint gid)
    {
        const int MaxBuffer = 1 << 22;
        for (int size = 4096; size <= MaxBuffer; size *= 4)
        {
            group result;
            group* found;
            var buffer = new byte[size];
            fixed (byte* b = buffer)
            fixed (byte* n = name)
            {
                int error = n == null
                    ? getgrgid_r(gid, &result, b, (nuint)size, &found)
                    : getgrnam_r(n, &result, b, (nuint)size, &found);
                if (error != (int)Errno.ERANGE)
                    return error == 0 && found != null ? From(found) : null;
            }
        }
        return null;
    }

    private static UserGroup From(group* entry)
    {
        var members = new List<string>();
        for (byte** member = entry->gr_mem; *member != null; member++)
            members.Add(Marshal.PtrToStringUTF8((nint)(*member)) ?? "");
        return new UserGroup(Marshal.PtrToStringUTF8((nint)entry->gr_name) ?? "", entry->gr_gid, members);
    }
}
