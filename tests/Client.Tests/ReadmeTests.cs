using System.Reflection;
using AtomikD.Demo;
using AtomikD.Support;
using Xunit;

namespace AtomikD.Client;

/// <summary>What the documents show of the library compiles as it stands there, in a new project with the usual settings, and runs.</summary>
public sealed class ReadmeTests
{
    private const string NewClient = "new AtomikClient()";

    [Fact]
    public async Task Their_programs_compile_and_publish()
    {
        string[] programs = [.. ((string[])["README.md", "docs/clients.md", "src/Client/README.md"])
            .SelectMany(path => new Document(path).Blocks("csharp")).Where(block => block.Contains(NewClient, StringComparison.Ordinal))];
        Assert.NotEmpty(programs);
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using var scratch = new TempFolder();
        string configuration = typeof(ReadmeTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        scratch.Write("app/app.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <ProjectReference Include="{Document.Root}/src/Client/Client.csproj" />
              </ItemGroup>
            </Project>
            """);
        foreach (string program in programs)
        {
            // All but the socket, which is the test's own.
            string options = $"new AtomikClient(new AtomikClientOptions {{ SocketPath = \"{service.Socket}\" }})";
            await File.WriteAllTextAsync(scratch["app/Program.cs"], program.Replace(NewClient, options, StringComparison.Ordinal));
            Command.Run(Command.Prepare("dotnet", "build", "-c", configuration, "-v", "q", "-p:BuildProjectReferences=false", "-nodeReuse:false", scratch["app/app.csproj"]), TimeSpan.FromMinutes(5)).Check();
            Command.Run("dotnet", scratch[$"app/bin/{configuration}/net10.0/app.dll"]).Check();
        }

        Assert.Equal("hello", await File.ReadAllTextAsync(service.Live("build/index.html")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(service.Staging));
    }
}
