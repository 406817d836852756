using AtomikD.Support;
using Xunit;

namespace AtomikD.Configuration;

public sealed class RouteFoldersTests
{
    private static string Two(string a, string b) => $"[Routes:a]\n{a}\n[Routes:b]\n{b}\n";

    private static IEnumerable<string> Conflicts(ConfigFolder config) =>
        config.Load().Errors.Select(e => $"{e.Line} {e.Key}: {e.Message.Replace(config.Root, "$")}");

    [Theory]
    [InlineData("Staging=$/s\nTarget=$/a", "Staging=$/s\nTarget=$/b", 5, "Staging", "$/s is the same folder as the staging $/s of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a", "Staging=$/t\nTarget=$/a", 6, "Target", "$/a is the same folder as the target $/a of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a", "Staging=$/t\nTarget=$/a/b", 6, "Target", "$/a/b lies in the target $/a of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a/b", "Staging=$/t\nTarget=$/a", 6, "Target", "$/a contains the target $/a/b of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a", "Staging=$/a/x/y\nTarget=$/b", 5, "Staging", "$/a/x/y lies in the target $/a of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a", "Staging=$/t\nTarget=$/b\nVault=$/s/v", 7, "Vault", "$/s/v lies in the staging $/s of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a", "Staging=$/t\nTarget=$/b\nVault=$/a/.atomikd", 7, "Vault", "$/a/.atomikd lies in the target $/a of route a.")]
    [InlineData("Staging=$/s\nTarget=$/a\nVault=$/v", "Staging=$/t\nTarget=$/b\nVault=$/v", 8, "Vault", "$/v is the same folder as the vault $/v of route a.")]
    public void Folders_of_two_routes_are_apart(string a, string b, int line, string key, string message)
    {
        using ConfigFolder config = new ConfigFolder().Write(Two(a, b));
        // Judged the same while they do not exist and when they do.
        for (int round = 0; round < 2; round++)
        {
            string conflict = Assert.Single(Conflicts(config));
            Assert.StartsWith($"{line} {key}: {message}", conflict, StringComparison.Ordinal);
            foreach (string folder in new[] { "s", "t", "a/b", "a/x/y", "v", "s/v", "b" })
                config.MakeFolder(folder);
        }
    }

    [Theory]
    [InlineData("Staging=$/a\nTarget=$/a", 3, "Target")]
    [InlineData("Staging=$/a/s\nTarget=$/a", 3, "Target")]
    [InlineData("Staging=$/a\nTarget=$/a/t", 3, "Target")]
    [InlineData("Staging=$/s\nTarget=$/t\nVault=$/s/v", 4, "Vault")]
    [InlineData("Staging=$/s\nTarget=$/t\nVault=$/t", 4, "Vault")]
    [InlineData("Staging=$/s\nTarget=$/t\nVault=$/t/x/.v", 4, "Vault")]
    [InlineData("Staging=$/s\nTarget=$/v/t\nVault=$/v", 4, "Vault")]
    [InlineData("Staging=$/s\nTarget=$/t\nVault=$/t/vault", 4, "Vault")]
    public void Folders_of_one_route_are_apart(string route, int line, string key)
    {
        using ConfigFolder config = new ConfigFolder().Write("[Routes:r]\n" + route);
        Assert.StartsWith($"{line} {key}:", Assert.Single(Conflicts(config)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Staging=$/s\nTarget=$/t\nVault=$/t/.v")]
    [InlineData("Staging=$/s\nTarget=$/t\nVault=$/v")]
    [InlineData("Staging=$/x\nTarget=$/xy")]
    public void What_is_apart_is_fine(string route)
    {
        using ConfigFolder config = new ConfigFolder().Write("[Routes:r]\n" + route);
        Assert.Empty(Conflicts(config));
    }

    [Theory]
    [InlineData("Staging=$/state/s\nTarget=$/t", "lies in the state folder")]
    [InlineData("Staging=$/s\nTarget=$/state", "is the state folder")]
    [InlineData("Staging=$/s\nTarget=$", "contains the state folder")]
    public void The_state_folder_is_apart(string route, string message)
    {
        using ConfigFolder config = new ConfigFolder().Write($"[Daemon]\nStateDirectory=$/state\n[Routes:r]\n{route}\n");
        config.MakeFolder("state");
        Assert.Contains(Conflicts(config), c => c.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_does_not_hide_it()
    {
        using ConfigFolder config = new ConfigFolder().Write(Two("Staging=$/s\nTarget=$/a", "Staging=$/t\nTarget=$/link/b"));
        config.MakeFolder("a");
        File.CreateSymbolicLink(config["link"], config["a"]);
        Assert.Equal("6 Target: $/link/b lies in the target $/a of route a, through a link or a mount. Give each its own folder, none inside another.",
            Assert.Single(Conflicts(config)));
    }

    [Theory]
    [InlineData("a", "m", "is the same folder as")]
    [InlineData("a/in", "m", "lies in")]
    [InlineData("a/in", "m/deeper", "lies in")]
    [InlineData("", "m", "contains")]
    public void A_bind_mount_does_not_hide_it(string source, string target, string relation)
    {
        using LoopDisk disk = LoopDisk.CreateOrSkip("ext4");
        using ConfigFolder config = new ConfigFolder().Write(Two($"Staging=$/s\nTarget={disk["top/a"]}", $"Staging=$/t\nTarget={disk[target]}"));
        Directory.CreateDirectory(disk["top/a/in"]);
        Directory.CreateDirectory(disk["m"]);
        Command.Run("mount", "--bind", disk[$"top/{source}"], disk["m"]).Check();
        string conflict = Assert.Single(Conflicts(config));
        Assert.Contains($" {relation} the target", conflict);
        Assert.Contains("through a link or a mount", conflict);
    }
}
