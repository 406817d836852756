using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Finds the service of a call in the container, or makes one for this call alone.</summary>
internal sealed class ServiceActivator<[DynamicallyAccessedMembers(ServiceType.Used)] TService>
    where TService : class
{
    private readonly ObjectFactory<TService>? _factory;

    public ServiceActivator(IServiceProvider services)
    {
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(TService)) != true)
            _factory = ActivatorUtilities.CreateFactory<TService>([]);
    }

    public TService Get(IServiceProvider services) =>
        _factory is null ? services.GetRequiredService<TService>() : _factory(services, null);

    public ValueTask ReleaseAsync(TService service)
    {
        if (_factory is null)
            return default;
        switch (service)
        {
            case IAsyncDisposable asyncDisposable:
                return asyncDisposable.DisposeAsync();
            case IDisposable disposable:
                disposable.Dispose();
                return default;
            default:
                return default;
        }
    }
}
