using System.Diagnostics;
using System.Security.Cryptography;
using AtomikD.Support;

namespace AtomikD.Interop.Support;

/// <summary>npm's packages that node/package.json names, installed once per machine outside the repository.</summary>
internal static class NodePackages
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);
    private static readonly Lazy<(string? Folder, string? WhyNot)> s_installed = new(Install);

    /// <summary>Asking installs them where they are missing.</summary>
    public static string? WhyNot => s_installed.Value.WhyNot;

    public static ProcessStartInfo Program(string file, params string[] arguments)
    {
        ProcessStartInfo start = Command.Prepare("node", [Path.Combine(AppContext.BaseDirectory, "node", file), .. arguments]);
        start.Environment["NODE_PATH"] = Path.Combine(s_installed.Value.Folder!, "node_modules");
        start.Environment["CONTRACT"] = Path.Combine(AppContext.BaseDirectory, "contract");
        return start;
    }

    private static (string? Folder, string? WhyNot) Install()
    {
        if (Command.WhyNot("node") is { } missing)
            return (null, missing);
        string manifest = Path.Combine(AppContext.BaseDirectory, "node", "package.json");
        string home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(manifest)))[..16];
        string folder = Path.Combine(home, "atomikd-tests", $"node-{hash}");
        if (Directory.Exists(folder))
            return (folder, null);
        if (Command.WhyNot("npm") is { } noNpm)
            return (null, noNpm);
        string aside = Directory.CreateDirectory($"{folder}.{Environment.ProcessId}").FullName;
        try
        {
            File.Copy(manifest, Path.Combine(aside, "package.json"), overwrite: true);
            ProcessStartInfo npm = Command.Prepare("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts");
            npm.WorkingDirectory = aside;
            CommandResult result = Command.Run(npm, s_patience);
            if (!result.Succeeded)
                return (null, $"npm could not install the packages: {result.Error.Trim().Split('\n')[0]}");
            try
            {
                Directory.Move(aside, folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another run was faster.
            }
            return (folder, null);
        }
        catch (TimeoutException)
        {
            return (null, $"npm did not install the packages within {s_patience}");
        }
        finally
        {
            TempFolder.Remove(aside);
        }
    }
}
