using System.Diagnostics;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Package;

/// <summary>The same sources give the same bytes, wherever they lie.</summary>
public sealed class ReproducibleTests(BuiltPackage package)
{
    /// <summary>The second build is from another folder, under another umask, language and time zone, and has nothing of the first.</summary>
    [Fact]
    public void A_second_build_from_another_folder_gives_the_same_bytes()
    {
        BuiltPackage.NeedTools("tar");
        string folder = Directory.CreateTempSubdirectory("atomikd-test-again-").FullName;
        try
        {
            string epoch = Command.Run("git", "-C", Document.Root, "log", "-1", "--format=%ct").Check();
            string sources = Path.Combine(folder, "elsewhere");
            Command.Shell("mkdir \"$2\" && cd \"$1\" && git ls-files -co --exclude-standard -z | xargs -0 sh -c 'for f; do [ ! -e \"$f\" ] || printf \"%s\\0\" \"$f\"; done' sh | tar --null -T - -c | tar -x -C \"$2\"",
                Document.Root, sources).Check();
            string program = Path.Combine(folder, "program");
            CommandResult published = Command.Run(Elsewhere(sources, epoch, "umask 077; exec deploy/program/publish \"$1\"", program), BuiltPackage.BuildTime);
            published.Check();
            string deb = Command.Run(Elsewhere(sources, epoch, "umask 077; exec deploy/debian/build --program \"$1\" --output \"$2\"", program, folder), BuiltPackage.BuildTime).Check();
            string tarball = Command.Run(Elsewhere(sources, epoch, "umask 077; exec deploy/tarball/build --program \"$1\" --output \"$2\"", program, folder), BuiltPackage.BuildTime).Check();

            Same(package.Daemon, Path.Combine(program, "atomikd"));
            Same(package.Deb, deb.Split('\n')[^1]);
            Same(package.Tarball, tarball.Split('\n')[^1]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ProcessStartInfo Elsewhere(string sources, string epoch, string script, params string[] arguments)
    {
        ProcessStartInfo start = Command.Prepare("sh", ["-euc", $"cd \"$0\"; {script}", sources, .. arguments]);
        start.Environment["SOURCE_DATE_EPOCH"] = epoch;
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "Pacific/Auckland";
        return start;
    }

    private static void Same(string one, string other) =>
        Assert.True(Command.Run("cmp", one, other) is { Succeeded: true }, $"{one} and {other} differ: {Command.Run("cmp", one, other).Output}");
}
