using AtomikD.Linux;
using Xunit;

namespace AtomikD.Support;

public sealed class TempFolderTests
{
    [Fact]
    public void Everything_goes_whatever_it_is_called_and_however_it_is_closed()
    {
        var folder = new TempFolder();
        folder.Write("closed/inner/file", "x");
        File.SetUnixFileMode(folder["closed/inner"], UnixFileMode.None);
        File.SetUnixFileMode(folder["closed"], UnixFileMode.None);
        using (Fd open = folder.Open())
            Assert.Equal(Errno.None, Stat.MkdirAt(open, Name.Of([0xFF, 0xFE, (byte)'\n']), 0x1C0));
        using var outside = new TempFolder();
        outside.Write("kept", "x");
        File.CreateSymbolicLink(folder["link"], outside.Path);
        folder.Dispose();
        Assert.False(Directory.Exists(folder.Path));
        Assert.True(File.Exists(outside["kept"]));
    }
}
