using AtomikD.Linux;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Demo;

/// <summary>The demo's readers must be able to see what they look for.</summary>
public sealed class VersionCheckTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_whole_version_is_whole()
    {
        DemoContent.Write(7, _folder.Path);

        Verdict verdict = Check();

        Assert.Equal((Outcome.Whole, 7L, null), (verdict.Outcome, verdict.Version, verdict.Problem));
        Assert.Equal(DemoContent.FilesOf(7).Count, verdict.Files);
        Assert.Equal(DemoContent.FilesOf(7).Sum(file => (long)file.Length), verdict.Bytes);
    }

    [Fact]
    public void Every_version_differs_in_every_file()
    {
        foreach (string path in DemoContent.LastingPaths)
        {
            byte[] seven = Bytes(7, path), eight = Bytes(8, path);
            int alike = seven.Zip(eight).Count(pair => pair.First == pair.Second);
            Assert.True(alike < seven.Length / 2, $"{path}: {alike} of {seven.Length} bytes are alike");
        }
    }

    [Fact]
    public void One_wrong_bit_in_any_file_is_found()
    {
        foreach (DemoFile file in DemoContent.FilesOf(7))
        {
            foreach (int at in (int[])[0, file.Length / 2, file.Length - 1])
            {
                DemoContent.Write(7, _folder.Path);
                byte[] bytes = File.ReadAllBytes(_folder[file.Path]);
                bytes[at] ^= 0x10;
                File.WriteAllBytes(_folder[file.Path], bytes);

                Verdict verdict = Check();

                Assert.True(verdict.Outcome == Outcome.Torn, $"byte {at} of {file.Path}: {verdict}");
                Assert.Contains(file.Path, verdict.Problem, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void One_file_of_another_version_is_found()
    {
        foreach (string path in DemoContent.LastingPaths)
        {
            DemoContent.Write(7, _folder.Path);
            File.WriteAllBytes(_folder[path], Bytes(8, path));

            // With the first file of version 8, those of 7 are the wrong ones.
            Assert.NotEqual(Outcome.Whole, Check().Outcome);
        }
    }

    [Fact]
    public void A_file_that_is_cut_short_or_goes_on_is_found()
    {
        foreach (DemoFile file in DemoContent.FilesOf(7))
        {
            foreach (int length in (int[])[0, file.Length - 1, file.Length + 1])
            {
                DemoContent.Write(7, _folder.Path);
                using (FileStream stream = File.OpenWrite(_folder[file.Path]))
                    stream.SetLength(length);

                Assert.True(Check().Outcome == Outcome.Torn, $"{file.Path} of {length} bytes");
            }
        }
    }

    [Fact]
    public void A_missing_file_is_missing()
    {
        foreach (DemoFile file in DemoContent.FilesOf(7))
        {
            DemoContent.Write(7, _folder.Path);
            File.Delete(_folder[file.Path]);

            Assert.True(Check().Outcome == Outcome.Missing, file.Path);
        }
    }

    [Fact]
    public void A_file_too_many_is_found()
    {
        foreach (string stray in (string[])["stray", "img/photos/4.jpg", "js/app.6.js", ".hidden"])
        {
            DemoContent.Write(7, _folder.Path);
            File.WriteAllText(_folder[stray], "");

            Assert.True(Check().Outcome == Outcome.Torn, stray);
            File.Delete(_folder[stray]);
        }
    }

    public void Dispose() => _folder.Dispose();

    private Verdict Check()
    {
        using Fd root = _folder.Open();
        return new VersionCheck().Folder(root);
    }

    private static byte[] Bytes(long version, string path)
    {
        var bytes = new byte[DemoContent.LengthOf(version, path)];
        DemoContent.Fill(version, path, 0, bytes);
        return bytes;
    }
}
