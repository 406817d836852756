using System.Globalization;
using System.Text;

namespace AtomikD.Linux;

/// <summary>One line of /proc/self/mountinfo.</summary>
/// <param name="Id">Issued again once the mount is gone.</param>
/// <param name="Device">The file system's own number; one file system has one, however often it is mounted.</param>
/// <param name="Root">The folder of the file system that is mounted here.</param>
/// <param name="Point">Where.</param>
/// <param name="Type">ext4, xfs, overlay ...</param>
/// <param name="Options">Of this mount and of the file system, with commas.</param>
internal sealed record Mount(ulong Id, string Device, Name Root, Name Point, string Type, string Options)
{
    /// <summary>The mount on which this one stands.</summary>
    public ulong Parent { get; init; }

    public bool HasOption(string option) => Options.Split(',').Contains(option);
}

/// <summary>The mounts of one namespace, as they stood when read.</summary>
internal sealed class MountTable
{
    private readonly Dictionary<ulong, Mount> _byId = [];

    /// <summary>Those that this process sees.</summary>
    public static MountTable Read() => Parse(File.ReadAllText("/proc/self/mountinfo", Encoding.Latin1));

    /// <param name="text">Of a mountinfo file; Latin-1 stands for bytes.</param>
    public static MountTable Parse(string text)
    {
        var table = new MountTable();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // 36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash < 6 || fields.Length < dash + 4)
                continue;
            ulong id = ulong.Parse(fields[0], CultureInfo.InvariantCulture);
            table._byId[id] = new Mount(id, fields[2], Unescape(fields[3]), Unescape(fields[4]), fields[dash + 1], $"{fields[5]},{fields[dash + 3]}")
            {
                Parent = ulong.Parse(fields[1], CultureInfo.InvariantCulture),
            };
        }
        return table;
    }

    /// <summary>By the number in the table; null where it is not listed.</summary>
    public Mount? Find(ulong id) => _byId.GetValueOrDefault(id);

    public IReadOnlyCollection<Mount> All => _byId.Values;

    /// <summary>The mount that a descriptor is on. Null where it cannot be seen from here.</summary>
    public Mount? Of(Fd file) => _byId.GetValueOrDefault(Stat.ListedMountId(file, Name.Empty));

    /// <summary>The mount that a path leads to. Null where it cannot be seen from here.</summary>
    public Mount? Of(Name path) => _byId.GetValueOrDefault(Stat.ListedMountId(Fd.Cwd, path));

    // White space and backslashes are written as three octal digits.
    private static Name Unescape(string field)
    {
        var bytes = new List<byte>(field.Length);
        for (int i = 0; i < field.Length; i++)
        {
            if (field[i] == '\\' && i + 3 < field.Length)
            {
                bytes.Add((byte)(((field[i + 1] - '0') << 6) | ((field[i + 2] - '0') << 3) | (field[i + 3] - '0')));
                i += 3;
            }
            else
                bytes.Add((byte)field[i]);
        }
        return Name.Of(bytes.ToArray());
    }
}
