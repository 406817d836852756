using Microsoft.Extensions.DependencyInjection;

namespace AtomikD.Admin;

/// <summary>What the admin address is made of.</summary>
internal static class AdminServices
{
    /// <summary>To be called after the engine was added: what is added later starts later, and stops first.</summary>
    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<ServiceLooks>();
        services.AddSingleton<HealthPages>();
        services.AddSingleton<StatusPage>();
        services.AddSingleton<AdminApplication>();
        services.AddSingleton<AdminService>();
        services.AddHostedService(provider => provider.GetRequiredService<AdminService>());
    }
}
