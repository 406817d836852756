using System.Security.Cryptography;
using System.Text;
using AtomikD.Support;

namespace AtomikD.Booted;

/// <summary>A small Debian with systemd, made once by debootstrap from the mirror that this machine's apt uses, and kept outside of the sources.</summary>
internal static class DebianRoot
{
    private const string Suite = "bookworm";

    /// <summary>What a host with systemd has, and what the package depends on.</summary>
    private const string Packages = "systemd,systemd-sysv,dbus,libssl3";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    /// <summary>Why it cannot be made here, or null.</summary>
    public static string? WhyNot => Folder is var folder && Directory.Exists(folder) ? null : Command.WhyNot("debootstrap", "apt-get") ?? (Mirror() is null ? "apt names no Debian mirror" : null);

    private static string Folder =>
        Path.Combine(Booted.Packages.Cache, $"root-{Suite}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Packages)))[..8]}");

    /// <summary>Copies it to a place where it may be changed.</summary>
    public static void CopyTo(string path)
    {
        Directory.CreateDirectory(Booted.Packages.Cache);
        // One makes it, the others wait for it.
        Command.Run(Command.Prepare("flock", Path.Combine(Booted.Packages.Cache, "root.lock"), "sh", "-euc", """
            if [ ! -d "$1" ]; then
                rm -rf "$1.new"
                debootstrap --variant=minbase --include="$2" "$3" "$1.new" "$4"
                rm -rf "$1.new"/var/cache/apt/archives/*.deb "$1.new"/var/lib/apt/lists/* "$1.new"/usr/share/doc/* "$1.new"/usr/share/locale/* "$1.new"/usr/share/man/*
                mv "$1.new" "$1"
            fi
            cp -a --reflink=auto "$1" "$5"
            """, "sh", Folder, Packages, Suite, Mirror() ?? "", path), s_patience).Check();
    }

    private static string? Mirror()
    {
        CommandResult targets = Command.Run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages");
        return targets.Succeeded ? targets.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() : null;
    }
}
