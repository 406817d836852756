using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>An upgrade puts another program in place while the service runs: until it is restarted it goes on as if nothing had happened.</summary>
public sealed class ReplacedProgramTests(BuiltPackage package)
{
    [Fact]
    public void The_service_does_not_read_the_new_file()
    {
        BuiltPackage.NeedTools();
        string folder = Directory.CreateTempSubdirectory("atomikd-test-replaced-").FullName;
        try
        {
            Command.Run("cp", "-a", Path.Combine(package.Root, "usr/lib/atomikd"), Path.Combine(folder, "first")).Check();
            string program = Path.Combine(folder, "first/atomikd");
            using var daemon = new RunningDaemon(program);
            // One thread of its own reads what is left of the program, and then ends.
            Eventually.True(() => Threads(daemon.Id).Contains("load program") is false && Threads(daemon.Id).Length > 1, "the program is loaded", TimeSpan.FromMinutes(1));

            // As dpkg does it: another file, renamed into place.
            foreach (string name in (string[])["atomikd", "libe_sqlite3.so"])
            {
                File.WriteAllBytes(Path.Combine(folder, "new"), new byte[new FileInfo(Path.Combine(folder, "first", name)).Length]);
                File.Move(Path.Combine(folder, "new"), Path.Combine(folder, "first", name), overwrite: true);
            }
            Assert.NotEqual(0, Command.Shell("\"$1\" --version", program).ExitCode);

            Assert.Contains("\"version\":1", daemon.Drop("app", "one"), StringComparison.Ordinal);
            Assert.Contains("TARGET_EXISTS", daemon.Drop("app", "two"), StringComparison.Ordinal);
            Assert.Contains("CHECKSUM_MISMATCH", daemon.Drop("wrong", "x", $$"""{"sha256":"{{new string('0', 64)}}"}"""), StringComparison.Ordinal);
            Directory.CreateDirectory(daemon["folder/sub"]);
            daemon.Ctl("upload", "site", daemon["folder"]).Check();
            daemon.Ctl("status").Check();
            daemon.Ctl("rollback", "site", "app");
            daemon.Ctl("history", "--failed").Check();
            Command.Run("kill", "-HUP", $"{daemon.Id}").Check();

            (int code, string log) = daemon.Stop();
            Assert.Equal(0, code);
            Assert.DoesNotContain("\n<3>", "\n" + log, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Threads(int process) =>
        [.. Directory.EnumerateDirectories($"/proc/{process}/task").Select(task => File.Exists($"{task}/comm") ? File.ReadAllText($"{task}/comm").Trim() : "")];
}
