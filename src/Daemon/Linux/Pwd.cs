using System.Runtime.InteropServices;

namespace AtomikD.Linux;

/// <summary>A user of this machine.</summary>
internal sealed record User(string Name, uint Uid, uint Gid);

/// <summary>pwd.h: users by name and number.</summary>
internal static unsafe partial class Pwd
{
    private static readonly Lock s_listing = new();

    [StructLayout(LayoutKind.Sequential)]
    public struct passwd
    {
        public byte* pw_name;
        public byte* pw_passwd;
        public uint pw_uid;
        public uint pw_gid;
        public byte* pw_gecos;
        public byte* pw_dir;
        public byte* pw_shell;
    }

    [LibraryImport("libc")]
    private static partial int getpwnam_r(byte* name, passwd* result, byte* buffer, nuint size, passwd** found);

    [LibraryImport("libc")]
    private static partial int getpwuid_r(uint uid, passwd* result, byte* buffer, nuint size, passwd** found);

    [LibraryImport("libc")]
    private static partial void setpwent();

    [LibraryImport("libc")]
    private static partial passwd* getpwent();

    [LibraryImport("libc")]
    private static partial void endpwent();

    /// <summary>Null where there is none.</summary>
    public static User? ByName(string name) => Find(Linux.Name.Of(name), 0);

    /// <summary>Null where there is none.</summary>
    public static User? ByUid(uint uid) => Find(null, uid);

    /// <summary>Every user that the name service lists. A directory service may be set up not to list its own.</summary>
    public static List<User> All()
    {
        var users = new List<User>();
        // The C library keeps the place in the list for the whole process.
        lock (s_listing)
        {
            setpwent();
            for (passwd* entry = getpwent(); entry != null; entry = getpwent())
                users.Add(From(entry));
            endpwent();
        }
        return users;
    }

    private static User? Find(Name? name, uint uid)
    {
        const int MaxBuffer = 1 << 20;
        for (int size = 4096; size <= MaxBuffer; size *= 4)
        {
            passwd result;
            passwd* found;
            var buffer = new byte[size];
            fixed (byte* b = buffer)
            fixed (byte* n = name)
            {
                int error = n == null
                    ? getpwuid_r(uid, &result, b, (nuint)size, &found)
                    : getpwnam_r(n, &result, b, (nuint)size, &found);
                if (error != (int)Errno.ERANGE)
                    return error == 0 && found != null ? From(found) : null;
            }
        }
        return null;
    }

    private static User From(passwd* entry) =>
        new(Marshal.PtrToStringUTF8((nint)entry->pw_name) ?? "", entry->pw_uid, entry->pw_gid);
}
