using AtomikD.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the client to an application.</summary>
public static class AtomikClientServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IAtomikClient"/> and <see cref="IAtomikStager"/> as one singleton. It logs to the application's
    /// <see cref="ILoggerFactory"/> unless <see cref="AtomikClientOptions.LoggerFactory"/> is set.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; null, the default: all defaults, and whatever else configures <see cref="AtomikClientOptions"/>.</param>
    /// <returns>The services.</returns>
    public static IServiceCollection AddAtomikClient(this IServiceCollection services, Action<AtomikClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<AtomikClientOptions> options = services.AddOptions<AtomikClientOptions>();
        if (configure is not null)
            options.Configure(configure);
        services.TryAddSingleton<IAtomikClient>(provider =>
        {
            AtomikClientOptions configured = provider.GetRequiredService<IOptions<AtomikClientOptions>>().Value;
            configured.LoggerFactory ??= provider.GetService<ILoggerFactory>();
            return new AtomikClient(configured);
        });
        services.TryAddSingleton<IAtomikStager>(provider => provider.GetRequiredService<IAtomikClient>());
        return services;
    }
}
