using AtomikD.Commands;
using AtomikD.Demo;

return await CommandRunner.RunAsync(RootCommandFactory.Create(ServiceHost.RunAsync, DemoCommand.Create()), args);
