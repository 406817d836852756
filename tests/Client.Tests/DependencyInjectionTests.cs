using AtomikD.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace AtomikD.Client;

public sealed class DependencyInjectionTests
{
    [Fact]
    public async Task One_client_for_all_with_the_application_s_logging_and_options()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        using var log = new LogWatch();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Trace));
        services.Configure<AtomikClientOptions>(options => options.SocketPath = daemon.SocketPath);
        services.AddAtomikClient(options => options.Timeout = TimeSpan.FromSeconds(20));

        await using (ServiceProvider provider = services.BuildServiceProvider(validateScopes: true))
        {
            IAtomikClient client = provider.GetRequiredService<IAtomikClient>();
            Assert.Same(client, provider.GetRequiredService<IAtomikStager>());
            Assert.Equal(TimeSpan.FromSeconds(20), provider.GetRequiredService<IOptions<AtomikClientOptions>>().Value.Timeout);
            Assert.Single((await client.GetStatusAsync()).Routes);
        }

        Assert.Contains(log.Records, record => record is { Category: AtomikTelemetry.SourceName, Name: "Connected" });
    }

    [Fact]
    public void A_container_that_is_not_disposed_of_asynchronously_can_be_disposed_of_too()
    {
        var services = new ServiceCollection();
        services.AddAtomikClient();
        using ServiceProvider provider = services.BuildServiceProvider();

        Assert.NotNull(provider.GetRequiredService<IAtomikClient>());
    }

    [Fact]
    public async Task A_fake_of_the_interface_needs_nothing_of_ours()
    {
        using var scratch = new TempFolder();
        IAtomikStager stager = new Fake(scratch.MakeFolder("staged"));

        await using StagedFolder folder = await stager.StageFolderAsync("site");
        CommittedVersion version = await folder.CommitAsync("build");

        Assert.Equal(("build", 7L), (version.Name, version.Number));
        Assert.True(Directory.Exists(folder.Path));
    }

    private sealed class Fake(string path) : IAtomikStager
    {
        public Task<StagedFolder> StageFolderAsync(string route, CancellationToken cancellationToken = default) =>
            Task.FromResult(new StagedFolder(route, path, (_, name, _, _) => Task.FromResult(new CommittedVersion { Route = route, Name = name, Number = 7 })));

        public Task<StagedFile> StageFileAsync(string route, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
