using System.Buffers.Binary;

namespace AtomikD.Linux;

/// <summary>linux/posix_acl_xattr.h: whom an access list lets write, beside owner, group and others.</summary>
internal static class PosixAcl
{
    public const ushort ACL_USER = 0x02;
    public const ushort ACL_GROUP_OBJ = 0x04;
    public const ushort ACL_GROUP = 0x08;
    public const ushort ACL_MASK = 0x10;
    public const ushort ACL_WRITE = 0x02;

    private static readonly Name s_attribute = Name.Of("system.posix_acl_access");

    /// <summary>Entries (tag, permissions, uid or gid) of a file, less what the mask takes away; none where it has no list.</summary>
    public static List<(ushort Tag, ushort Permissions, uint Id)> Of(Fd file)
    {
        // struct posix_acl_xattr_header: version 4; struct posix_acl_xattr_entry: tag 2, permissions 2, id 4.
        const int HeaderSize = 4;
        const int EntrySize = 8;
        var entries = new List<(ushort Tag, ushort Permissions, uint Id)>();
        if (SysXattr.FGetxattr(file, s_attribute, out byte[] value) != Errno.None)
            return entries;
        for (int at = HeaderSize; at + EntrySize <= value.Length; at += EntrySize)
        {
            entries.Add((BinaryPrimitives.ReadUInt16LittleEndian(value.AsSpan(at)), BinaryPrimitives.ReadUInt16LittleEndian(value.AsSpan(at + 2)),
                BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(at + 4))));
        }
        ushort mask = entries.Where(e => e.Tag == ACL_MASK).Select(e => e.Permissions).FirstOrDefault((ushort)7);
        return [.. entries.Select(e => e.Tag is ACL_USER or ACL_GROUP_OBJ or ACL_GROUP ? (e.Tag, (ushort)(e.Permissions & mask), e.Id) : e)];
    }
}
