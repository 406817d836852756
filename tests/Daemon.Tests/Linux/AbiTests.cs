using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace AtomikD.Linux;

/// <summary>
/// Every constant, every structure and every entry point of src/Daemon/Linux against what gcc and the C library say here.
/// They are found by reflection: a new one is compared without being listed.
/// </summary>
public sealed class AbiTests
{
    private static readonly CProgram s_program = new(
        "dirent.h", "errno.h", "fcntl.h", "grp.h", "poll.h", "pwd.h", "signal.h", "sys/eventfd.h", "sys/file.h", "sys/inotify.h", "sys/ioctl.h", "sys/stat.h",
        "sys/statfs.h", "sys/statvfs.h", "sys/syscall.h", "sys/types.h", "sys/xattr.h", "time.h", "unistd.h", "linux/capability.h", "linux/fs.h",
        "linux/magic.h", "linux/openat2.h", "linux/posix_acl.h");

    /// <summary>Constants that have no name of their own in C, and what they stand for there.</summary>
    private static readonly Dictionary<string, string> s_spelledOut = new(StringComparer.Ordinal)
    {
        ["Dirent.OffOffset"] = "offsetof(struct dirent64, d_off)",
        ["Dirent.ReclenOffset"] = "offsetof(struct dirent64, d_reclen)",
        ["Dirent.TypeOffset"] = "offsetof(struct dirent64, d_type)",
        ["Dirent.NameOffset"] = "offsetof(struct dirent64, d_name)",
        ["Unistd.Unchanged"] = "(uid_t)-1",
    };

    /// <summary>Constants that not every system's headers have yet, and why. Nothing else may be missing.</summary>
    private static readonly Dictionary<string, string> s_newInHeaders = new(StringComparer.Ordinal)
    {
        ["Fcntl.AT_HANDLE_FID"] = "glibc 2.39; linux/fcntl.h, which has it since 6.5, cannot be included beside fcntl.h",
        ["SysStatfs.CEPH_SUPER_MAGIC"] = "linux/magic.h 5.14",
        ["SysStatfs.CIFS_SUPER_MAGIC"] = "linux/magic.h 5.14",
        ["SysStatfs.SMB2_SUPER_MAGIC"] = "linux/magic.h 5.14",
        ["SysStatfs.FUSE_SUPER_MAGIC"] = "linux/magic.h 5.14",
        ["Stat.STATX_MNT_ID"] = "linux/stat.h 5.8, glibc 2.33",
        ["Stat.STATX_MNT_ID_UNIQUE"] = "linux/stat.h 6.8",
    };

    private static readonly Type[] s_types =
        [.. typeof(Fcntl).Assembly.GetTypes().Where(t => t.Namespace == typeof(Fcntl).Namespace && t.GetCustomAttribute<CompilerGeneratedAttribute>() is null)];

    public AbiTests()
    {
        string? reason = s_program.WhyNot();
        Assert.SkipWhen(reason is not null, reason ?? "");
    }

    [Fact]
    public void Constants_are_those_of_the_headers()
    {
        var constants = (
            from type in s_types
            where !type.IsEnum
            from field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            where field.IsLiteral && ToInt64(field.GetRawConstantValue()) is not null
            let name = $"{type.Name}.{field.Name}"
            select (Name: name, C: s_spelledOut.GetValueOrDefault(name, field.Name), Value: ToInt64(field.GetRawConstantValue())!.Value)).ToList();
        Assert.True(constants.Count > 100, $"only {constants.Count} constants were found");

        IReadOnlyDictionary<string, long?> native = s_program.Evaluate(constants.Select(c => c.C));

        Assert.All(constants, c =>
        {
            if (native[c.C] is long value)
                Assert.True(value == c.Value, $"{c.Name} is {c.Value:x} and {c.C} is {value:x} in C");
            else
                Assert.True(s_newInHeaders.ContainsKey(c.Name), $"{c.Name}: the headers do not know {c.C}");
        });
    }

    [Fact]
    public void Error_numbers_are_those_of_the_headers()
    {
        Dictionary<string, long> errors = Enum.GetValues<Errno>().Where(e => e != Errno.None).ToDictionary(e => e.ToString(), e => (long)e, StringComparer.Ordinal);
        IReadOnlyDictionary<string, long?> native = s_program.Evaluate(errors.Keys);
        Assert.All(errors, e => Assert.Equal(e.Value, native[e.Key]));
    }

    [Fact]
    public void Structures_are_laid_out_as_in_C()
    {
        var facts = new List<(string C, long Value)>();
        Type[] structures = [.. s_types.Where(t => t is { IsValueType: true, IsEnum: false, IsNested: true } && IsNative(t))];
        Assert.NotEmpty(structures);
        foreach (Type type in structures)
        {
            facts.Add(($"sizeof(struct {type.Name})", Marshal.SizeOf(type)));
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            {
                // What begins with two underscores is padding, and every header calls it something else.
                if (field.Name.StartsWith("__", StringComparison.Ordinal))
                    continue;
                facts.Add(($"offsetof(struct {type.Name}, {field.Name})", Marshal.OffsetOf(type, field.Name)));
                facts.Add(($"sizeof(((struct {type.Name} *)0)->{field.Name})", Marshal.SizeOf(field.FieldType)));
            }
        }
        IReadOnlyDictionary<string, long?> native = s_program.Evaluate(facts.Select(f => f.C));
        Assert.All(facts, f => Assert.True(native[f.C] == f.Value, $"{f.C} is {native[f.C]?.ToString() ?? "unknown"} in C and {f.Value} here"));
    }

    [Fact]
    public void Entry_points_are_in_the_C_library()
    {
        nint library = NativeLibrary.Load("libc", typeof(Fcntl).Assembly, null);
        List<string> entries = [.. s_types
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(m => m.GetCustomAttribute<DllImportAttribute>()?.EntryPoint)
            .OfType<string>()];
        Assert.True(entries.Count > 30, $"only {entries.Count} entry points were found");
        Assert.All(entries, e => Assert.True(NativeLibrary.TryGetExport(library, e, out _), $"libc has no {e}"));
    }

    private static bool IsNative(Type type) =>
        type.StructLayoutAttribute is { Value: LayoutKind.Sequential or LayoutKind.Explicit } && type.DeclaringType is { IsAbstract: true, IsSealed: true };

    private static long? ToInt64(object? constant) => constant switch
    {
        byte v => v,
        sbyte v => v,
        short v => v,
        ushort v => v,
        int v => v,
        uint v => v,
        long v => v,
        ulong v => unchecked((long)v),
        nint v => v,
        nuint v => unchecked((long)v),
        _ => null,
    };
}
