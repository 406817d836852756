using Xunit;

namespace AtomikD.Support;

public sealed class ForeignUserTests
{
    [Fact]
    public void The_command_has_only_that_users_rights()
    {
        Assert.SkipWhen(ForeignUser.WhyNot is not null, ForeignUser.WhyNot ?? "");
        using var folder = new TempFolder();
        string file = folder.Write("secret", "x");
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Assert.Equal($"{ForeignUser.Stranger}", ForeignUser.Run(ForeignUser.Stranger, "id -u").Check());
        Assert.False(ForeignUser.Run(ForeignUser.Stranger, "cat \"$1\"", file).Succeeded);
    }
}
