using AtomikD.Support;
using Xunit;

namespace AtomikD.Linux;

public sealed class SysXattrTests
{
    [Fact]
    public void Attributes_are_set_listed_read_and_removed()
    {
        using var folder = new TempFolder();
        using Fd root = folder.Open();
        Name version = Name.Of("user.atomikd.version");
        Errno set = SysXattr.FSetxattr(root, version, "17"u8);
        Assert.SkipWhen(set == Errno.EOPNOTSUPP, "the temporary folder's file system has no user attributes");
        Assert.Equal(Errno.None, set);
        Assert.Equal(Errno.None, SysXattr.FSetxattr(root, Name.Of("user.empty"), []));
        Assert.Equal(Errno.None, SysXattr.FGetxattr(root, version, out byte[] value));
        Assert.Equal("17"u8, value);
        Assert.Equal(Errno.None, SysXattr.FListxattr(root, out List<Name> names));
        Assert.Superset(new HashSet<Name> { version, Name.Of("user.empty") }, names.ToHashSet());
        Assert.Equal(Errno.None, SysXattr.FRemovexattr(root, version));
        Assert.Equal(Errno.ENODATA, SysXattr.FGetxattr(root, version, out _));
    }
}
